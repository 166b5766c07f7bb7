-- The plain form of a text, for search: without case, accents and what nobody sees, quotes and dashes straightened,
-- spaces made one.
create or replace macro plain(text) as trim(regexp_replace(
    translate(
        replace(replace(lower(strip_accents(nfc_normalize(
            regexp_replace(text, '[\x{AD}\x{200B}\x{200E}\x{200F}\x{202A}-\x{202E}\x{2060}-\x{2069}\x{FEFF}]', '', 'g')
        ))), 'ß', 'ss'), '…', '...'),
        '‘’‚‛‹›′`´“”„‟″«»‐‑‒–—―−',
        '''''''''''''''''''"""""""-------'
    ),
    '[\s\p{Z}]+', ' ', 'g'
));

create or replace view best_turns as
select
    t.episode_id,
    t.transcript_id,
    t.turn_index,
    p.title as podcast,
    e.title,
    e.published_at,
    e.page_url,
    coalesce(own.title, given.title) as chapter,
    coalesce(t.speaker_name, t.speaker_label) as speaker,
    t.name_source,
    t.name_confidence,
    t.start_time,
    t.end_time,
    t.time_source,
    t.text,
    coalesce(t.text_source, b.source) as text_source,
    t.word_count,
    t.boundary,
    t.is_overlap,
    t.speaker_margin,
    t.mean_probability,
    b.source,
    b.language,
    b.model,
    e.audio_url,
    e.audio_path
from turns t
join transcripts b on b.transcript_id = t.transcript_id and b.is_best
left join episodes e on e.episode_id = t.episode_id
left join podcasts p on p.podcast_id = e.podcast_id
left join chapters own on own.transcript_id = t.transcript_id and own.chapter_index = t.chapter_index
-- Chapters of the episode itself have times and do not overlap, so that a turn starts in one at most.
left join chapters given
    on given.episode_id = t.episode_id and given.transcript_id is null and t.chapter_index is null
    and given.start_time <= t.start_time and t.start_time < coalesce(given.end_time, 'infinity'::double);

comment on view best_turns is 'Who said what, when: the turns of the best transcript of each episode, one row per turn.';
comment on column best_turns.episode_id is 'The episode (episodes.episode_id)';
comment on column best_turns.transcript_id is 'The best transcript of the episode (transcripts.transcript_id)';
comment on column best_turns.turn_index is 'Place in the transcript, from 0';
comment on column best_turns.podcast is 'Title of the show; NULL for a lone file or URL';
comment on column best_turns.title is 'Title of the episode';
comment on column best_turns.published_at is 'When the episode was published, UTC';
comment on column best_turns.page_url is 'Web page of the episode';
comment on column best_turns.chapter is 'Title of the chapter that the turn starts in; NULL where unknown';
comment on column best_turns.speaker is 'Name of the speaker, else the label; NULL where unsure';
comment on column best_turns.name_source is 'How the name of the speaker was found: publisher, aligned, introduced or user; NULL for a label';
comment on column best_turns.name_confidence is 'How sure the name is, 0 to 1; NULL for published text and for a label';
comment on column best_turns.start_time is 'Start, seconds from the start of the audio; NULL where unknown';
comment on column best_turns.end_time is 'End, seconds from the start of the audio; NULL where unknown';
comment on column best_turns.time_source is 'Who gave the times: asr, publisher, chapter, aligned or interpolated; NULL where there are none';
comment on column best_turns.text is 'What was said';
comment on column best_turns.text_source is 'Whose words these are: publisher, captions or asr; in a merged transcript, asr is what was said and not written, as an ad';
comment on column best_turns.word_count is 'Words in the turn';
comment on column best_turns.boundary is 'What makes it one turn: speaker, sentence, cue or paragraph';
comment on column best_turns.is_overlap is 'Whether somebody else speaks meanwhile; NULL where unknown';
comment on column best_turns.speaker_margin is 'How far the speaker leads the second, 0 to 1; NULL where unknown';
comment on column best_turns.mean_probability is 'Mean probability of the words, 0 to 1; NULL where unknown';
comment on column best_turns.source is 'Who made the transcript: asr, publisher, captions or merged';
comment on column best_turns.language is 'Language tag (BCP 47) of the words';
comment on column best_turns.model is 'Model that recognised the words; NULL for published text';
comment on column best_turns.audio_url is 'Where the audio is offered; NULL for a lone file';
comment on column best_turns.audio_path is 'Where the audio lies on this machine; NULL where it is no file that is known here';

create or replace view talk_time as
with pauses as (
    -- Longer than a breath: nobody says anything in them, though the turn goes on.
    select word.transcript_id, word.turn_index, sum(after.start_time - word.end_time) as seconds
    from words word
    join words after
        on after.transcript_id = word.transcript_id and after.turn_index = word.turn_index
        and after.word_index = word.word_index + 1
    where after.start_time - word.end_time > 1
    group by all
), spoken as (
    select t.*, t.end_time - t.start_time - least(coalesce(p.seconds, 0), t.end_time - t.start_time) as seconds
    from best_turns t
    left join pauses p on p.transcript_id = t.transcript_id and p.turn_index = t.turn_index
)
select
    episode_id,
    speaker,
    count(*) as turns,
    sum(word_count)::bigint as words,
    sum(seconds) as seconds,
    case when speaker is not null then
        sum(seconds) / nullif(sum(sum(seconds)) filter (where speaker is not null) over (partition by episode_id), 0)
    end as share,
    max(end_time - start_time) as longest_turn
from spoken
group by episode_id, speaker;

comment on view talk_time is 'How much each speaker of an episode says in its best transcript, one row per speaker.';
comment on column talk_time.episode_id is 'The episode (episodes.episode_id)';
comment on column talk_time.speaker is 'Name of the speaker, else the label; NULL for the turns of unknown speakers';
comment on column talk_time.turns is 'Turns of the speaker';
comment on column talk_time.words is 'Words of the speaker';
comment on column talk_time.seconds is 'Time spoken: the lengths of the turns without pauses of more than a second between two words, seconds; NULL where no turn has times';
comment on column talk_time.share is 'Share of the seconds of all known speakers of the episode, 0 to 1; NULL for unknown speakers';
comment on column talk_time.longest_turn is 'Length of the longest turn, pauses included, seconds; NULL where no turn has times';

create or replace view recognizers as
select
    t.model,
    count(distinct v.episode_id) as episodes,
    sum(v.aligned_words)::bigint as words,
    sum(v.substitutions + v.deletions + v.insertions) / nullif(sum(v.aligned_words), 0) as wer,
    sum(v.aligned_cp_errors) / nullif(sum(v.aligned_cp_words) filter (where v.aligned_cp_errors is not null), 0)
        as cpwer,
    sum(v.names_wrong) / nullif(sum(v.names), 0) as name_error,
    sum(v.voice_error_seconds) / nullif(sum(v.speech_seconds), 0) as der,
    sum(v.misnamed_words) / nullif(sum(v.named_words), 0) as label_error,
    sum(v.long_deletion_words)::bigint as lost_words,
    sum(v.silent_insertions)::bigint as made_up_words,
    sum(v.errors) / nullif(sum(v.words), 0) as raw_wer,
    sum(v.aligned_words) / nullif(sum(v.words), 0) as share
from evals v
join transcripts t using (transcript_id)
join transcripts r on r.transcript_id = v.reference_id and r.aligned_share >= 0.3
group by t.model;

comment on view recognizers is 'What to expect of each model: how wrong it was on the episodes here that have a published text, one row per model.';
comment on column recognizers.model is 'Model that recognised the words';
comment on column recognizers.episodes is 'Episodes that it is judged by';
comment on column recognizers.words is 'Words of their texts in the stretches where text and recogniser go together';
comment on column recognizers.wer is 'Word error rate in these stretches, 0 to 1 and more';
comment on column recognizers.cpwer is 'The same, where a word of another speaker is wrong, too; NULL where no text names anybody';
comment on column recognizers.name_error is 'Share of the capital words inside sentences there that were heard as others or not at all';
comment on column recognizers.der is 'Diarization error rate there; NULL without a diarization';
comment on column recognizers.label_error is 'Share of the words of named voices that the text gives to somebody else; NULL without names';
comment on column recognizers.lost_words is 'Words of long runs that were not heard, though there is time for them';
comment on column recognizers.made_up_words is 'Words that were heard where nobody speaks, and that nobody wrote';
comment on column recognizers.raw_wer is 'Word error rate over all, with what publishers left out or put in';
comment on column recognizers.share is 'Share of these words that is in the stretches where both go together';

create or replace view recognizers_by_show as
select
    t.model,
    p.title as podcast,
    count(distinct v.episode_id) as episodes,
    sum(v.aligned_words)::bigint as words,
    sum(v.substitutions + v.deletions + v.insertions) / nullif(sum(v.aligned_words), 0) as wer,
    sum(v.aligned_cp_errors) / nullif(sum(v.aligned_cp_words) filter (where v.aligned_cp_errors is not null), 0)
        as cpwer,
    sum(v.names_wrong) / nullif(sum(v.names), 0) as name_error,
    sum(v.voice_error_seconds) / nullif(sum(v.speech_seconds), 0) as der,
    sum(v.misnamed_words) / nullif(sum(v.named_words), 0) as label_error,
    sum(v.long_deletion_words)::bigint as lost_words,
    sum(v.silent_insertions)::bigint as made_up_words,
    sum(v.errors) / nullif(sum(v.words), 0) as raw_wer,
    sum(v.aligned_words) / nullif(sum(v.words), 0) as share
from evals v
join transcripts t using (transcript_id)
join transcripts r on r.transcript_id = v.reference_id and r.aligned_share >= 0.3
left join episodes e on e.episode_id = v.episode_id
left join podcasts p on p.podcast_id = e.podcast_id
group by t.model, p.title;

comment on view recognizers_by_show is 'What to expect of each model on each show: how wrong it was on its episodes here that have a published text, one row per model and show.';
comment on column recognizers_by_show.model is 'Model that recognised the words';
comment on column recognizers_by_show.podcast is 'Title of the show; NULL for lone files';
comment on column recognizers_by_show.episodes is 'Episodes that it is judged by';
comment on column recognizers_by_show.words is 'Words of their texts in the stretches where text and recogniser go together';
comment on column recognizers_by_show.wer is 'Word error rate in these stretches, 0 to 1 and more';
comment on column recognizers_by_show.cpwer is 'The same, where a word of another speaker is wrong, too; NULL where no text names anybody';
comment on column recognizers_by_show.name_error is 'Share of the capital words inside sentences there that were heard as others or not at all';
comment on column recognizers_by_show.der is 'Diarization error rate there; NULL without a diarization';
comment on column recognizers_by_show.label_error is 'Share of the words of named voices that the text gives to somebody else; NULL without names';
comment on column recognizers_by_show.lost_words is 'Words of long runs that were not heard, though there is time for them';
comment on column recognizers_by_show.made_up_words is 'Words that were heard where nobody speaks, and that nobody wrote';
comment on column recognizers_by_show.raw_wer is 'Word error rate over all, with what publishers left out or put in';
comment on column recognizers_by_show.share is 'Share of these words that is in the stretches where both go together';
