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

comment on macro plain is 'The plain form of a text, for comparisons: without case, accents and what nobody sees, quotes and dashes straight, spaces made one';

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
    t.speaker_id,
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
comment on column best_turns.speaker_id is 'Person known across episodes (speakers.speaker_id); NULL where unknown';
comment on column best_turns.name_source is 'How the name of the speaker was found: publisher, aligned, introduced, voice or user; NULL for a label';
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
select
    b.episode_id,
    d.speaker,
    d.turns,
    d.words,
    d.seconds,
    case when d.speaker is not null then
        d.seconds / nullif(sum(d.seconds) filter (where d.speaker is not null) over (partition by b.episode_id), 0)
    end as share,
    d.longest_turn,
    60 * d.timed_words / nullif(d.seconds, 0) as words_a_minute,
    p.title as podcast,
    e.title
from derived_talk d
join transcripts b on b.transcript_id = d.transcript_id and b.is_best
left join episodes e on e.episode_id = b.episode_id
left join podcasts p on p.podcast_id = e.podcast_id;

comment on view talk_time is 'How much each speaker of an episode says in its best transcript, one row per speaker.';
comment on column talk_time.episode_id is 'The episode (episodes.episode_id)';
comment on column talk_time.speaker is 'Name of the speaker, else the label; NULL for the turns of unknown speakers';
comment on column talk_time.turns is 'Turns of the speaker';
comment on column talk_time.words is 'Words of the speaker';
comment on column talk_time.seconds is 'Time spoken: the lengths of the turns without pauses of more than a second between two words, seconds; NULL where no turn has times';
comment on column talk_time.share is 'Share of the seconds of all known speakers of the episode, 0 to 1; NULL for unknown speakers';
comment on column talk_time.longest_turn is 'Length of the longest turn, pauses included, seconds; NULL where no turn has times';
comment on column talk_time.words_a_minute is 'Words a minute of the time spoken, in the turns that have times; NULL where none has';
comment on column talk_time.podcast is 'Title of the show; NULL for a lone file or URL';
comment on column talk_time.title is 'Title of the episode';

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

-- Whether a text ends in a question, in any script. Greek asks with a semicolon.
create or replace macro is_question(text, language) as
    regexp_matches(text, '[?？؟⸮՞፧]["''”’»)\]」』\s]*$')
    or (coalesce(starts_with(lower(language), 'el'), false) and regexp_matches(text, '[;\x{37E}]["''”’»)\]\s]*$'));

comment on macro is_question is 'Whether a text ends with a question mark, by its language (NULL where unknown)';

create or replace view exchanges as
-- Turns are numbered without gaps: found by its number, an answer is there at once for who asks for one episode.
select
    t.episode_id, t.transcript_id, p.title as podcast, e.title, e.published_at, t.turn_index, t.start_time, t.end_time,
    coalesce(t.speaker_name, t.speaker_label) as speaker, t.text, t.is_question,
    a.turn_index as answer_index, coalesce(a.speaker_name, a.speaker_label) as answered_by, a.text as answer,
    a.start_time - t.end_time as gap
from turns t
join transcripts b on b.transcript_id = t.transcript_id and b.is_best
join turns a on a.transcript_id = t.transcript_id and a.turn_index = t.turn_index + 1
left join episodes e on e.episode_id = t.episode_id
left join podcasts p on p.podcast_id = e.podcast_id
-- Of two turns of unknown speakers nobody can say that one answers the other.
where coalesce(t.speaker_name, t.speaker_label) is distinct from coalesce(a.speaker_name, a.speaker_label);

comment on view exchanges is 'A turn and the answer to it: one row per turn that somebody else follows.';
comment on column exchanges.episode_id is 'The episode (episodes.episode_id)';
comment on column exchanges.transcript_id is 'The best transcript of the episode (transcripts.transcript_id)';
comment on column exchanges.podcast is 'Title of the show; NULL for a lone file or URL';
comment on column exchanges.title is 'Title of the episode';
comment on column exchanges.published_at is 'When the episode was published, UTC';
comment on column exchanges.turn_index is 'The turn (best_turns.turn_index)';
comment on column exchanges.start_time is 'Start of the turn, seconds; NULL where unknown';
comment on column exchanges.end_time is 'End of the turn, seconds; NULL where unknown';
comment on column exchanges.speaker is 'Who says it; NULL where unsure';
comment on column exchanges.text is 'What is said';
comment on column exchanges.is_question is 'Whether it ends with a question mark';
comment on column exchanges.answer_index is 'The turn that answers (best_turns.turn_index)';
comment on column exchanges.answered_by is 'Who answers; NULL where unsure';
comment on column exchanges.answer is 'What is answered';
comment on column exchanges.gap is 'From the end of the turn to the answer, seconds; negative where they overlap, NULL where unknown';

create or replace view speaker_overlaps as
select
    b.episode_id, p.title as podcast, e.title, e.published_at,
    o.start_time, o.end_time, o.end_time - o.start_time as seconds, o.speaker, o.other_speaker, o.goes_on
from derived_overlaps o
join transcripts b on b.transcript_id = o.transcript_id and b.is_best
left join episodes e on e.episode_id = b.episode_id
left join podcasts p on p.podcast_id = e.podcast_id;

comment on view speaker_overlaps is 'Where two speak at once, by the diarization, else by the times of the turns: one row per time that somebody begins while another speaks.';
comment on column speaker_overlaps.episode_id is 'The episode (episodes.episode_id)';
comment on column speaker_overlaps.podcast is 'Title of the show; NULL for a lone file or URL';
comment on column speaker_overlaps.title is 'Title of the episode';
comment on column speaker_overlaps.published_at is 'When the episode was published, UTC';
comment on column speaker_overlaps.start_time is 'When the second begins, seconds';
comment on column speaker_overlaps.end_time is 'When the first of them stops, seconds';
comment on column speaker_overlaps.seconds is 'How long both speak, seconds: 0.2 or more';
comment on column speaker_overlaps.speaker is 'Who begins';
comment on column speaker_overlaps.other_speaker is 'Who spoke already';
comment on column speaker_overlaps.goes_on is 'Whether the one who began goes on when the other has stopped: an interruption, and no mere yes';

create or replace view interruptions as
select
    b.episode_id, p.title as podcast, e.title, e.published_at,
    o.start_time, o.end_time - o.start_time as seconds, o.speaker, o.other_speaker as interrupted, o.turn_index, t.text
from derived_overlaps o
join transcripts b on b.transcript_id = o.transcript_id and b.is_best
left join episodes e on e.episode_id = b.episode_id
left join podcasts p on p.podcast_id = e.podcast_id
left join turns t on t.transcript_id = o.transcript_id and t.turn_index = o.turn_index
where o.goes_on;

comment on view interruptions is 'Who interrupts whom: one row per time that somebody begins while another speaks, and goes on when that one has stopped.';
comment on column interruptions.episode_id is 'The episode (episodes.episode_id)';
comment on column interruptions.podcast is 'Title of the show; NULL for a lone file or URL';
comment on column interruptions.title is 'Title of the episode';
comment on column interruptions.published_at is 'When the episode was published, UTC';
comment on column interruptions.start_time is 'When it begins, seconds';
comment on column interruptions.seconds is 'How long both speak, seconds';
comment on column interruptions.speaker is 'Who interrupts';
comment on column interruptions.interrupted is 'Who is interrupted';
comment on column interruptions.turn_index is 'The turn of who interrupts (best_turns.turn_index); NULL where it has no times';
comment on column interruptions.text is 'What is said in that turn';

create or replace view silences as
select
    b.episode_id, s.transcript_id, p.title as podcast, e.title,
    s.start_time, s.end_time, s.end_time - s.start_time as seconds,
    s.after_turn, s.after_speaker, s.before_turn, s.before_speaker
from derived_silences s
join transcripts b on b.transcript_id = s.transcript_id and b.is_best
left join episodes e on e.episode_id = b.episode_id
left join podcasts p on p.podcast_id = e.podcast_id;

comment on view silences is 'Where nobody says a word for more than a second, within a turn or between two: pauses, music, laughter.';
comment on column silences.episode_id is 'The episode (episodes.episode_id)';
comment on column silences.transcript_id is 'The best transcript of the episode (transcripts.transcript_id)';
comment on column silences.podcast is 'Title of the show; NULL for a lone file or URL';
comment on column silences.title is 'Title of the episode';
comment on column silences.start_time is 'End of the last word before it, seconds';
comment on column silences.end_time is 'Start of the next word, seconds';
comment on column silences.seconds is 'How long it is, seconds: more than 1';
comment on column silences.after_turn is 'The turn before it (best_turns.turn_index)';
comment on column silences.after_speaker is 'Who spoke last; NULL where unsure';
comment on column silences.before_turn is 'The turn after it, or that it is in (best_turns.turn_index)';
comment on column silences.before_speaker is 'Who speaks next; NULL where unsure';

create or replace view monologues as
select
    b.episode_id, m.transcript_id, p.title as podcast, e.title, e.published_at, m.speaker,
    m.first_turn, m.last_turn, m.start_time, m.end_time, m.end_time - m.start_time as seconds, m.words,
    string_agg(t.text, ' ' order by t.turn_index) as text
from (select *, unnest(range(first_turn, last_turn + 1)) as turn_index from derived_monologues) m
join transcripts b on b.transcript_id = m.transcript_id and b.is_best
join turns t on t.transcript_id = m.transcript_id and t.turn_index = m.turn_index
left join episodes e on e.episode_id = b.episode_id
left join podcasts p on p.podcast_id = e.podcast_id
group by all;

comment on view monologues is 'Where one known speaker talks for a minute or more and nobody else does; where times are unknown, for 150 words or more.';
comment on column monologues.episode_id is 'The episode (episodes.episode_id)';
comment on column monologues.transcript_id is 'The best transcript of the episode (transcripts.transcript_id)';
comment on column monologues.podcast is 'Title of the show; NULL for a lone file or URL';
comment on column monologues.title is 'Title of the episode';
comment on column monologues.published_at is 'When the episode was published, UTC';
comment on column monologues.speaker is 'Who talks';
comment on column monologues.first_turn is 'The first turn of it (best_turns.turn_index)';
comment on column monologues.last_turn is 'The last turn of it (best_turns.turn_index)';
comment on column monologues.start_time is 'Start, seconds; NULL where unknown';
comment on column monologues.end_time is 'End, seconds; NULL where unknown';
comment on column monologues.seconds is 'How long it lasts, pauses included, seconds; NULL where unknown';
comment on column monologues.words is 'Words in it';
comment on column monologues.text is 'What is said';

create or replace view speaker_pairs as
select
    b.episode_id, p.title as podcast, e.title, e.published_at, d.speaker, d.other_speaker,
    -- A sum was of this type, and types are promised.
    d.answers, d.to_questions::hugeint as to_questions, d.median_gap, d.interruptions
from derived_pairs d
join transcripts b on b.transcript_id = d.transcript_id and b.is_best
left join episodes e on e.episode_id = b.episode_id
left join podcasts p on p.podcast_id = e.podcast_id;

comment on view speaker_pairs is 'Who talks with whom in an episode: one row per speaker who answers or interrupts another; unknown speakers are left out.';
comment on column speaker_pairs.episode_id is 'The episode (episodes.episode_id)';
comment on column speaker_pairs.podcast is 'Title of the show; NULL for a lone file or URL';
comment on column speaker_pairs.title is 'Title of the episode';
comment on column speaker_pairs.published_at is 'When the episode was published, UTC';
comment on column speaker_pairs.speaker is 'Who answers or interrupts';
comment on column speaker_pairs.other_speaker is 'Whom';
comment on column speaker_pairs.answers is 'Turns of the other that the speaker follows';
comment on column speaker_pairs.to_questions is 'Those of them that end with a question mark';
comment on column speaker_pairs.median_gap is 'Median time from the end of the turn to the answer, seconds; negative where they overlap, NULL where unknown';
comment on column speaker_pairs.interruptions is 'Times that the speaker interrupts the other (interruptions)';

create or replace view guests as
with shown as (
    select d.*, b.episode_id, e.podcast_id, e.published_at
    from derived_talk d
    join transcripts b on b.transcript_id = d.transcript_id and b.is_best
    join episodes e on e.episode_id = b.episode_id
), told as (
    select episode_id, speaker_name, role
    from transcript_speakers join transcripts using (transcript_id)
    where role is not null
    union all
    select episode_id, unnest(persons).name, unnest(persons).role from episodes where persons is not null
), episodes_of as (
    select podcast_id, count(distinct episode_id) as of_episodes from shown group by all
), roles as (
    -- The one in which most turns are said.
    select podcast_id, speaker, arg_max(role, turns) as role
    from (
        select s.podcast_id, s.speaker, r.role, sum(s.named_turns) as turns
        from shown s
        join (select episode_id, speaker_name, mode(role) as role from told group by all) r
            on r.episode_id = s.episode_id and r.speaker_name = s.speaker
        group by all
    )
    group by all
)
select
    s.podcast_id,
    any_value(p.title) as podcast,
    s.speaker,
    count(distinct s.episode_id) as episodes,
    any_value(o.of_episodes) as of_episodes,
    min(s.published_at) as first_published_at,
    max(s.published_at) as last_published_at,
    sum(s.named_words)::bigint as words,
    any_value(r.role) as role
from shown s
join episodes_of o on o.podcast_id is not distinct from s.podcast_id
left join roles r on r.podcast_id is not distinct from s.podcast_id and r.speaker = s.speaker
left join podcasts p on p.podcast_id = s.podcast_id
-- A label is another person in each episode.
where s.named_turns > 0
group by s.podcast_id, s.speaker;

comment on view guests is 'Who was on which show how often: one row per show and person who is known by name, hosts too.';
comment on column guests.podcast_id is 'The show (podcasts.podcast_id); NULL for lone files and URLs';
comment on column guests.podcast is 'Title of the show';
comment on column guests.speaker is 'Name of the person';
comment on column guests.episodes is 'Episodes in which the person speaks';
comment on column guests.of_episodes is 'Episodes of the show that have a transcript';
comment on column guests.first_published_at is 'When the first of them was published, UTC; NULL where unknown';
comment on column guests.last_published_at is 'When the last of them was published, UTC; NULL where unknown';
comment on column guests.words is 'Words of the person in all of them';
comment on column guests.role is 'What texts and feed say that the person is most often, such as host; NULL where they say nothing';

create or replace view transcript_quality as
with told as (
    select
        transcript_id,
        count(*) as turns,
        sum(word_count)::bigint as words,
        coalesce(sum(word_count) filter (where speaker_label is null), 0) / nullif(sum(word_count), 0)
            as unattributed_share,
        coalesce(sum(word_count) filter (where start_time is null), 0) / nullif(sum(word_count), 0) as untimed_share
    from turns group by transcript_id
), heard as (
    select
        transcript_id,
        avg(probability) as mean_probability,
        count_if(probability < 0.5) / nullif(count(probability), 0) as low_probability_share
    from words group by transcript_id
), judged as (
    -- By the text that fits best.
    select
        transcript_id, arg_max(reference_id, share) as reference_id, max(share) as reference_share,
        arg_max_null(aligned_wer, share) as wer, arg_max_null(label_error, share) as label_error
    from evals group by transcript_id
)
select
    s.transcript_id, s.episode_id, p.title as podcast, e.title, s.source, s.format, s.model, s.language, s.is_best,
    coalesce(t.turns, 0) as turns,
    coalesce(t.words, 0) as words,
    s.parse_coverage, s.parse_confidence,
    t.unattributed_share, t.untimed_share,
    h.mean_probability, h.low_probability_share,
    s.aligned_share, j.reference_id, j.reference_share, j.wer, j.label_error,
    s.flags
from transcripts s
left join told t using (transcript_id)
left join heard h using (transcript_id)
left join judged j using (transcript_id)
left join episodes e on e.episode_id = s.episode_id
left join podcasts p using (podcast_id);

comment on view transcript_quality is 'How far each transcript can be trusted, one row per transcript; what does not apply to it is NULL.';
comment on column transcript_quality.transcript_id is 'The transcript (transcripts.transcript_id)';
comment on column transcript_quality.episode_id is 'The episode (episodes.episode_id)';
comment on column transcript_quality.podcast is 'Title of the show; NULL for a lone file or URL';
comment on column transcript_quality.title is 'Title of the episode';
comment on column transcript_quality.source is 'Who made the transcript: asr, publisher, captions or merged';
comment on column transcript_quality.format is 'Format of a published text; NULL for asr';
comment on column transcript_quality.model is 'Model that recognised the words; NULL for published text';
comment on column transcript_quality.language is 'Language tag (BCP 47) of the words';
comment on column transcript_quality.is_best is 'Whether it is the one of its episode that best_turns shows';
comment on column transcript_quality.turns is 'Turns in it';
comment on column transcript_quality.words is 'Words in it';
comment on column transcript_quality.parse_coverage is 'Share of the published text that was understood, 0 to 1; NULL for asr';
comment on column transcript_quality.parse_confidence is 'How sure it is who speaks in a published text, 0 to 1 (transcripts.parse_confidence)';
comment on column transcript_quality.unattributed_share is 'Share of the words whose speaker is unknown, 0 to 1; NULL without words';
comment on column transcript_quality.untimed_share is 'Share of the words in turns without times, 0 to 1; NULL without words';
comment on column transcript_quality.mean_probability is 'Mean probability of the words, 0 to 1; NULL for published text';
comment on column transcript_quality.low_probability_share is 'Share of the words with a probability under 0.5, 0 to 1; NULL for published text';
comment on column transcript_quality.aligned_share is 'Share of the words of a published text that were heard as written, 0 to 1 (transcripts.aligned_share)';
comment on column transcript_quality.reference_id is 'The published text that fits it best (transcripts.transcript_id); NULL where there is none, and for published text';
comment on column transcript_quality.reference_share is 'Share of the words heard that are written there, 0 to 1';
comment on column transcript_quality.wer is 'Word error rate by that text where both go together, 0 to 1 and more (evals.aligned_wer)';
comment on column transcript_quality.label_error is 'Share of the words of named voices that the text gives to somebody else, 0 to 1; NULL without names';
comment on column transcript_quality.flags is 'What to know about the transcript';

create or replace view processing as
select
    r.episode_id, p.title as podcast, e.title, r.stage, r.method, r.model, r.device, r.started_at, r.seconds,
    a.audio_seconds,
    a.audio_seconds / nullif(r.seconds, 0) as times_real_time
from stage_runs r
left join episodes e using (episode_id)
left join podcasts p using (podcast_id)
-- Ads make the copies of an episode differ by little; where they differ by more, nobody knows which one was heard.
left join (
    select episode_id, median(decoded_seconds) as audio_seconds
    from renditions group by episode_id
    having max(decoded_seconds) <= 1.1 * min(decoded_seconds)
) a on a.episode_id = r.episode_id
where r.status = 'done';

comment on view processing is 'What ran where and for how long: one row per stage of an episode that was finished.';
comment on column processing.episode_id is 'The episode (episodes.episode_id)';
comment on column processing.podcast is 'Title of the show; NULL for a lone file or URL';
comment on column processing.title is 'Title of the episode';
comment on column processing.stage is 'Name of the stage, such as fetch or transcribe';
comment on column processing.method is 'Method and its version';
comment on column processing.model is 'Model that ran; NULL where there is none';
comment on column processing.device is 'Where it ran, such as cuda or cpu';
comment on column processing.started_at is 'When it started, UTC';
comment on column processing.seconds is 'How long it ran, seconds';
comment on column processing.audio_seconds is 'Length of the audio, seconds; NULL where there is none, or copies of different length';
comment on column processing.times_real_time is 'Seconds of audio for each second of work; NULL without audio';

-- The corpus has sentinels where a name or a role is unknown; here that is NULL, as is what nobody tells us.
create or replace view sporc_turns as
select
    t.episode_id, e.podcast_id,
    case when t.speaker is null then []::varchar[] else [t.speaker] end as speaker,
    t.text as turn_text,
    t.start_time, t.end_time,
    t.end_time - t.start_time as duration,
    t.turn_index::integer as turn_count,
    t.word_count::integer as token_count,
    case when t.name_source is null then null else t.speaker end as inferred_speaker_name,
    r.role as inferred_speaker_role,
    null::boolean as speakers_recomputed
from best_turns t
join episodes e using (episode_id)
left join (
    select
        transcript_id, coalesce(speaker_name, speaker_label) as speaker,
        any_value(regexp_extract(lower(role), '\b(host|guest)\b')) filter (where regexp_matches(lower(role), '\b(host|guest)\b'))
            as role
    from transcript_speakers group by all
) r on r.transcript_id = t.transcript_id and r.speaker = t.speaker;

comment on view sporc_turns is 'The turns of best_turns under the names and types of the SPoRC corpus (turns of its version 1.1), NULL in place of its sentinels.';
comment on column sporc_turns.episode_id is 'The episode (episodes.episode_id), not the hash that SPoRC makes of its URL';
comment on column sporc_turns.podcast_id is 'The show (podcasts.podcast_id); NULL for a lone file or URL';
comment on column sporc_turns.speaker is 'Who speaks, one or nobody known';
comment on column sporc_turns.turn_text is 'What was said';
comment on column sporc_turns.start_time is 'Start, seconds; NULL where unknown';
comment on column sporc_turns.end_time is 'End, seconds; NULL where unknown';
comment on column sporc_turns.duration is 'Length, seconds; NULL where unknown';
comment on column sporc_turns.turn_count is 'Place in the transcript, from 0';
comment on column sporc_turns.token_count is 'Words in the turn';
comment on column sporc_turns.inferred_speaker_name is 'Name of the person; NULL where unknown';
comment on column sporc_turns.inferred_speaker_role is 'host or guest, where the text or the feed says so; else NULL';
comment on column sporc_turns.speakers_recomputed is 'Always NULL: it tells versions of that corpus apart';

create or replace view sporc_episodes as
with shown as (
    select
        episode_id,
        any_value(language) as language,
        count(distinct speaker) as speakers,
        avg(end_time - start_time) as avg_turn_duration
    from best_turns group by episode_id
), crossed as (
    select episode_id, sum(seconds) as seconds from speaker_overlaps group by episode_id
), voices as (
    select b.episode_id, count(distinct s.speaker_label) as labels
    from transcripts b join speaker_segments s on s.transcript_id = coalesce(b.aligned_to, b.transcript_id)
    where b.is_best group by b.episode_id
), lengths as (
    select b.episode_id, any_value(r.decoded_seconds) as seconds
    from transcripts b
    left join transcripts o on o.transcript_id = b.aligned_to
    join renditions r
        on r.episode_id = b.episode_id and r.rendition_id = coalesce(o.rendition_id, b.rendition_id)
    where b.is_best group by b.episode_id
)
select
    e.episode_id, e.podcast_id,
    e.title as ep_title,
    e.audio_url as mp3_url,
    coalesce(l.seconds, e.duration) as duration_seconds,
    null::varchar as category1, null::varchar as category2, null::varchar as category3, null::varchar as category4,
    null::varchar as category5, null::varchar as category6, null::varchar as category7, null::varchar as category8,
    null::varchar as category9, null::varchar as category10,
    list_transform(list_filter(e.persons, lambda one: one.role ilike '%host%'), lambda one: one.name)
        as host_predicted_names,
    list_transform(list_filter(e.persons, lambda one: one.role ilike '%guest%'), lambda one: one.name)
        as guest_predicted_names,
    s.speakers as num_main_speakers,
    coalesce(s.language, e.language) as language,
    null::bigint as explicit,
    epoch_ms(e.published_at)::varchar as episode_date,
    case when v.labels is null then null else coalesce(c.seconds, 0) end / nullif(l.seconds, 0) as overlap_prop_duration,
    s.avg_turn_duration,
    v.labels as total_sp_labels
from episodes e
join shown s using (episode_id)
left join crossed c using (episode_id)
left join voices v using (episode_id)
left join lengths l using (episode_id);

comment on view sporc_episodes is 'The episodes with a transcript under the names and types of the SPoRC corpus (episodes of its version 1.1).';
comment on column sporc_episodes.episode_id is 'The episode (episodes.episode_id), not the hash that SPoRC makes of its URL';
comment on column sporc_episodes.podcast_id is 'The show (podcasts.podcast_id); NULL for a lone file or URL';
comment on column sporc_episodes.ep_title is 'Title of the episode';
comment on column sporc_episodes.mp3_url is 'Where the audio is offered';
comment on column sporc_episodes.duration_seconds is 'Length of the audio, else what the feed claims, seconds; NULL where unknown';
comment on column sporc_episodes.host_predicted_names is 'Hosts whom the feed names (podcast:person)';
comment on column sporc_episodes.guest_predicted_names is 'Guests whom the feed names (podcast:person)';
comment on column sporc_episodes.num_main_speakers is 'Speakers in the best transcript';
comment on column sporc_episodes.language is 'Language tag (BCP 47) of the words, else what the feed claims';
comment on column sporc_episodes.explicit is 'Always NULL: it is not kept';
comment on column sporc_episodes.episode_date is 'When it was published, as milliseconds since 1970 in a text, as that corpus has it';
comment on column sporc_episodes.overlap_prop_duration is 'Share of the audio in which two speak at once, 0 to 1; NULL without diarization';
comment on column sporc_episodes.avg_turn_duration is 'Mean length of a turn, seconds; NULL where unknown';
comment on column sporc_episodes.total_sp_labels is 'Voices that the diarization found; NULL without one';
comment on column sporc_episodes.category1 is 'Always NULL: categories are not kept';
comment on column sporc_episodes.category2 is 'Always NULL: categories are not kept';
comment on column sporc_episodes.category3 is 'Always NULL: categories are not kept';
comment on column sporc_episodes.category4 is 'Always NULL: categories are not kept';
comment on column sporc_episodes.category5 is 'Always NULL: categories are not kept';
comment on column sporc_episodes.category6 is 'Always NULL: categories are not kept';
comment on column sporc_episodes.category7 is 'Always NULL: categories are not kept';
comment on column sporc_episodes.category8 is 'Always NULL: categories are not kept';
comment on column sporc_episodes.category9 is 'Always NULL: categories are not kept';
comment on column sporc_episodes.category10 is 'Always NULL: categories are not kept';

create or replace view seglst as
select episode_id as session_id, speaker, start_time, end_time, text as words
from best_turns order by episode_id, turn_index;

comment on view seglst is 'The turns of best_turns as segments of SegLST, the format of evaluation tools such as MeetEval.';
comment on column seglst.session_id is 'The episode (episodes.episode_id)';
comment on column seglst.speaker is 'Name of the speaker, else the label; NULL where unsure';
comment on column seglst.start_time is 'Start, seconds; NULL where unknown';
comment on column seglst.end_time is 'End, seconds; NULL where unknown';
comment on column seglst.words is 'What was said';

create or replace view speakers as
with names as (
    select speaker_id, speaker_name from voices
    union all
    select speaker_id, speaker_name from turns where speaker_id is not null
)
select
    v.speaker_id,
    any_value(v.speaker_name) as speaker_name,
    (
        select coalesce(list(distinct n.speaker_name order by n.speaker_name), []) from names n
        where n.speaker_id = v.speaker_id and n.speaker_name is distinct from any_value(v.speaker_name)
    ) as aliases,
    count(distinct s.episode_id) as episodes,
    count(*) as voices,
    count(*) filter (where v.name_source <> 'voice') as named,
    min(v.confidence) as least_confidence
from voices v join transcripts s using (transcript_id)
group by v.speaker_id;

comment on view speakers is 'Persons who are known across episodes by their voices, one row each; empty until `turntable speakers on`.';
comment on column speakers.speaker_id is 'The person: a UUIDv5 of the name by which he was known first';
comment on column speakers.speaker_name is 'What the person is called; NULL for one whom nobody named';
comment on column speakers.aliases is 'Other names under which transcripts have the person';
comment on column speakers.episodes is 'Episodes in which the person is heard';
comment on column speakers.voices is 'Labels of transcripts that are the person (voices)';
comment on column speakers.named is 'Those of them that somebody named; the others were found by their sound';
comment on column speakers.least_confidence is 'The least sure of the matches, 0 to 1; NULL where all were named';
