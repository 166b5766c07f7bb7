-- Bring in staged documents: the temp table `document`, with their `staged_key`, and the temp view `staged`, which reads
-- the files of these once more, for what there is much of. A transcript is a row; what a poll
-- found is a row an episode, without a transcript. Whatever was staged later wins, in whatever order it comes:
-- load_log and discoveries tell what came before. Where other transcripts told of one since, what its document says of
-- show, episode, audio and chapters was said when it was staged first: described_at.
update document set described_at = staged_at where described_at is null;
create or replace temp view seen as
select staged_key, episode_id, podcast_id, coalesce(described_at, staged_at) as staged_at from load_log
union all
select staged_key, episode_id, podcast_id, staged_at from discoveries;

insert or replace into podcasts by name
select unnest(podcast), described_at as updated_at
from document d
where podcast is not null and not exists (
    from seen l
    where l.podcast_id = d.podcast.podcast_id and (l.staged_at, l.staged_key) > (d.described_at, d.staged_key)
)
qualify row_number() over (partition by d.podcast.podcast_id order by described_at desc, staged_key desc) = 1;

insert or replace into episodes by name
select unnest(episode), described_at as updated_at
from document d
where not exists (
    from seen l
    where l.episode_id = d.episode.episode_id and (l.staged_at, l.staged_key) > (d.described_at, d.staged_key)
)
qualify row_number() over (partition by d.episode.episode_id order by described_at desc, staged_key desc) = 1;

insert or replace into renditions by name
select unnest(rendition), episode.episode_id as episode_id
from document d
where rendition is not null and not exists (
    from load_log l
    where l.episode_id = d.episode.episode_id and l.rendition_id = d.rendition.rendition_id
        and (coalesce(l.described_at, l.staged_at), l.staged_key) > (d.described_at, d.staged_key)
)
qualify row_number() over (
    partition by d.episode.episode_id, d.rendition.rendition_id order by described_at desc, staged_key desc
) = 1;

-- A done stage may come with several documents; it stays one row.
create or replace temp table ran as
select * exclude (staged_at, staged_key)
from (select staged_at, staged_key, unnest(stage_runs, max_depth := 2) from document) r
where not exists (from stage_runs s where s.run_id = r.run_id and s.started_at > r.started_at)
qualify row_number() over (partition by run_id order by started_at desc, staged_at desc, staged_key desc) = 1;
delete from stage_runs where run_id in (select run_id from ran);
insert into stage_runs by name from ran;

-- Another document of the same transcript came before: it is replaced if it is older, kept if it is newer.
create or replace temp table chosen as
select *, transcript.transcript_id as transcript_id, episode.episode_id as episode_id
from document d
where transcript is not null and not exists (
    from load_log l
    where l.transcript_id = d.transcript.transcript_id
        and (l.staged_at, l.staged_key) > (d.staged_at, d.staged_key)
)
qualify row_number() over (partition by d.transcript.transcript_id order by staged_at desc, staged_key desc) = 1;
create or replace temp table replaced as
select transcript_id from chosen where transcript_id in (select transcript_id from load_log);

create or replace temp table leaving as
select distinct language, word from search_index where transcript_id in (from replaced);

delete from search_index where transcript_id in (from replaced);
delete from transcripts where transcript_id in (from replaced);
delete from turns where transcript_id in (from replaced);
delete from words where transcript_id in (from replaced);
delete from speaker_segments where transcript_id in (from replaced);
delete from transcript_speakers where transcript_id in (from replaced);
delete from events where transcript_id in (from replaced);
delete from chapters where transcript_id in (from replaced);
delete from sections where document_id in (from replaced);
delete from gaps where transcript_id in (from replaced);
delete from evals where transcript_id in (from replaced);
delete from name_evidence where transcript_id in (from replaced);
delete from voices where transcript_id in (from replaced);
delete from derived_talk where transcript_id in (from replaced);
delete from derived_overlaps where transcript_id in (from replaced);
delete from derived_pairs where transcript_id in (from replaced);
delete from derived_silences where transcript_id in (from replaced);
delete from derived_monologues where transcript_id in (from replaced);

insert into transcripts by name select unnest(transcript) from chosen;
create or replace temp table spoken as
select filename, transcript.transcript_id as transcript_id, episode.episode_id as episode_id, unnest(turns, max_depth := 2)
from staged where transcript is not null;
-- Words are counted and the pauses between them added up in one look at them. They stand in their order, and the
-- window runs along them; whole microseconds have one sum in any order.
create or replace temp table worded as
select
    filename, turn_index, count(*) as words,
    sum(round(1000000 * (after - end_time))::bigint)
        filter (filename = next_file and turn_index = next_turn and after - end_time > 1) / 1000000 as pauses
from (
    select
        filename, turn_index, end_time, lead(start_time) over () as after,
        lead(turn_index) over () as next_turn, lead(filename) over () as next_file
    from (select filename, unnest(words, max_depth := 2) from staged)
)
group by all;
-- Ids of rows only grow, so what comes has one of at least the number of rows that are there now, whatever was
-- deleted: who looks for it need not look through all.
set variable turns_from = (select count(*) from turns);
set variable words_from = (select count(*) from words);
insert into turns by name
select s.* exclude (filename), p.pauses, is_question(s.text, c.transcript.language) as is_question
from spoken s
join chosen c on c.filename = s.filename
left join worded p on p.filename = s.filename and p.turn_index = s.turn_index;
insert into words by name
select transcript.transcript_id as transcript_id, unnest(words, max_depth := 2)
from staged where filename in (select filename from chosen);
insert into speaker_segments by name select transcript_id, unnest(speaker_segments, max_depth := 2) from chosen;
insert into transcript_speakers by name select transcript_id, unnest(speakers, max_depth := 2) from chosen;
insert into events by name select transcript_id, unnest(events, max_depth := 2) from chosen;
insert into chapters by name select transcript_id, episode_id, unnest(chapters, max_depth := 2) from chosen;
insert into sections by name
select transcript_id as document_id, episode_id, unnest(sections, max_depth := 2) from chosen;

insert into gaps by name select transcript_id, unnest(gaps, max_depth := 2) from chosen;
insert into evals by name select transcript_id, episode_id, unnest(evals, max_depth := 2) from chosen;
insert into name_evidence by name select transcript_id, unnest(name_evidence, max_depth := 2) from chosen;
insert into voices by name select transcript_id, unnest(voices, max_depth := 2) from chosen;

create or replace temp table new as select transcript_id from chosen;
create or replace temp table others as
select transcript_id from transcripts where aligned_to in (from new) and transcript_id not in (from new);
delete from derived_overlaps where transcript_id in (from others);
delete from derived_pairs where transcript_id in (from others);

-- The chapters of the episode itself: those of the newest document whose maker looked for them. One that was made
-- of it since may have them on the clock of other audio.
create or replace temp table given as
select episode.episode_id as episode_id, given_chapters
from document d
where given_chapters is not null and not exists (
    from load_log l
    where l.episode_id = d.episode.episode_id and l.has_chapters
        and (coalesce(l.described_at, l.staged_at), l.staged_at, l.staged_key)
            > (d.described_at, d.staged_at, d.staged_key)
)
qualify row_number() over (
    partition by d.episode.episode_id order by d.described_at desc, d.staged_at desc, d.staged_key desc
) = 1;
delete from chapters where transcript_id is null and episode_id in (select episode_id from given);
insert into chapters by name
select episode_id, unnest(given_chapters, max_depth := 2) from given;

insert into load_log by name
with texts as (
    select filename, count(*) as turns, md5(string_agg(text, chr(10) order by turn_index)) as text_md5
    from spoken group by filename
), counted as (
    select filename, sum(words)::bigint as words from worded group by filename
)
select
    staged_key,
    transcript.transcript_id as transcript_id,
    episode.episode_id as episode_id,
    podcast.podcast_id as podcast_id,
    rendition.rendition_id as rendition_id,
    coalesce(texts.turns, 0) as turns,
    coalesce(counted.words, 0) as words,
    text_md5,
    given_chapters is not null as has_chapters,
    staged_at,
    described_at,
    now() as loaded_at
from document left join texts using (filename) left join counted using (filename)
where transcript is not null;

insert into discoveries by name
select
    staged_key, episode.episode_id as episode_id, podcast.podcast_id as podcast_id, staged_at, now() as loaded_at,
    feed_index
from document
where transcript is null;

-- The rule stands in the comment on transcripts.is_best. A transcript may have left another episode.
with episode as (
    select distinct l.episode_id
    from load_log l join document d on l.transcript_id = d.transcript.transcript_id
),
spoken as (
    select transcript_id, count(speaker_label) > 0 as has_speakers
    from turns where episode_id in (from episode) group by transcript_id
),
ranked as (
    select s.transcript_id, row_number() over (
        partition by s.episode_id
        order by
            t.transcript_id is null,
            t.transcript_id is null and s.source <> 'asr',
            not coalesce(s.is_pinned, false),
            list_has_any(s.flags, ['other_audio', 'little_aligned', 'other_language', 'partial_text']),
            list_position(['merged', 'publisher', 'asr', 'captions'], s.source),
            not coalesce(t.has_speakers, false),
            s.created_at desc,
            s.transcript_id
    ) = 1 and (s.source = 'asr' or t.transcript_id is not null) as is_best
    from transcripts s left join spoken t using (transcript_id)
    where s.episode_id in (from episode)
)
update transcripts set is_best = ranked.is_best
from ranked where ranked.transcript_id = transcripts.transcript_id and transcripts.is_best <> ranked.is_best;

-- Vectors of what is said no more, or not in the best transcript.
delete from passages
where transcript_id in (select transcript_id from transcripts where not is_best) or transcript_id in (
    select transcript_id from load_log
    where staged_key in (select staged_key from chosen) and text_md5 is distinct from passages.text_md5
);
