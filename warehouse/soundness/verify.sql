-- What must hold in a sound warehouse; each part returns no row. One row a problem: its name, and where.
with loaded as (
    select * from load_log
    qualify row_number() over (partition by transcript_id order by staged_at desc, staged_key desc) = 1
),
turn_sums as (
    select transcript_id, count(*) as turns, md5(string_agg(text, chr(10) order by turn_index)) as text_md5
    from turns group by all
),
word_sums as (select transcript_id, count(*) as words from words group by all),
turn_words as (
    select transcript_id, turn_index, count(*) as words from words where turn_index is not null group by all
)

select 'turn without its load or transcript' as problem, transcript_id || ' turn ' || turn_index as detail
from turns t
where not exists (from loaded l where l.transcript_id = t.transcript_id and l.episode_id = t.episode_id)
    or not exists (from transcripts s where s.transcript_id = t.transcript_id and s.episode_id = t.episode_id)

union all
select 'transcript without its load or episode', transcript_id
from transcripts s
where not exists (from loaded l where l.transcript_id = s.transcript_id)
    or not exists (from episodes e where e.episode_id = s.episode_id)

union all
select 'load without its transcript', staged_key
from load_log l where not exists (from transcripts s where s.transcript_id = l.transcript_id)

union all
select 'turns or words differ from what was loaded', l.transcript_id
from loaded l left join turn_sums t using (transcript_id) left join word_sums w using (transcript_id)
where l.turns <> coalesce(t.turns, 0) or l.words <> coalesce(w.words, 0) or l.text_md5 is distinct from t.text_md5

union all
select 'gap in the turns', transcript_id
from turns group by transcript_id having min(turn_index) <> 0 or max(turn_index) + 1 <> count(*)

union all
select 'gap in the words', transcript_id
from words group by transcript_id having min(word_index) <> 0 or max(word_index) + 1 <> count(*)

union all
select 'gap in the speaker segments', transcript_id
from speaker_segments group by transcript_id having min(segment_index) <> 0 or max(segment_index) + 1 <> count(*)

union all
select 'not exactly one best transcript', episode_id
from transcripts left join turn_sums using (transcript_id)
group by episode_id having count_if(is_best) <> max((source = 'asr' or turns is not null)::int)

union all
select 'best transcript without turns', transcript_id
from transcripts where is_best and source <> 'asr' and transcript_id not in (select transcript_id from turns)

union all
select 'turn outside the audio', t.transcript_id || ' turn ' || t.turn_index
from turns t
join transcripts s on s.transcript_id = t.transcript_id
join renditions r on r.rendition_id = s.rendition_id and r.episode_id = s.episode_id
-- Half a second: the last window of a recogniser may end after the last sample.
where t.start_time < 0 or t.end_time < t.start_time or t.end_time > r.decoded_seconds + 0.5

union all
select 'published word outside the audio', w.transcript_id || ' word ' || w.word_index
from words w
join transcripts s on s.transcript_id = w.transcript_id
join transcripts o on o.transcript_id = s.aligned_to
join renditions r on r.rendition_id = o.rendition_id and r.episode_id = o.episode_id
where w.time_source in ('aligned', 'interpolated') and w.end_time > r.decoded_seconds + 0.5

union all
select 'word in no turn', w.transcript_id || ' word ' || w.word_index
from words w
where not exists (from turns t where t.transcript_id = w.transcript_id and t.turn_index = w.turn_index)

union all
select 'word count of a turn is wrong', t.transcript_id || ' turn ' || t.turn_index
from turns t join word_sums using (transcript_id) left join turn_words w using (transcript_id, turn_index)
where t.word_count <> coalesce(w.words, 0)

union all
select 'transcript that search does not know', transcript_id
from (select distinct transcript_id from turns where len(words_of(text)) > 0) t
where not exists (from search_index i where i.transcript_id = t.transcript_id)

union all
select 'turns that talk_time does not know', transcript_id
from turn_sums t
full join (select transcript_id, sum(turns) as turns from derived_talk group by all) d using (transcript_id)
where t.turns is distinct from d.turns

union all
select 'short audio without a flag', rendition_id
from renditions where decoded_seconds < 0.98 * header_seconds and not list_contains(flags, 'short_audio')

union all
select 'discovery without its episode or show', d.staged_key || ' ' || d.episode_id
from discoveries d
where not exists (from episodes e where e.episode_id = d.episode_id)
    or not exists (from podcasts p where p.podcast_id = d.podcast_id)

union all
select 'stage run twice', run_id
from stage_runs group by run_id having count(*) > 1

union all
select 'done stage run twice', concat_ws(' ', episode_id, stage, key)
from stage_runs where status = 'done' group by episode_id, stage, key having count(*) > 1

union all
select 'passage of no best transcript', p.transcript_id || ' passage ' || p.passage_index
from passages p
where not exists (from transcripts s where s.transcript_id = p.transcript_id and s.is_best)
    or not exists (from turns t where t.transcript_id = p.transcript_id and t.turn_index = p.turn_index)
    or not exists (from turn_sums s where s.transcript_id = p.transcript_id and s.text_md5 = p.text_md5)

union all
select 'passages are missing', transcript_id
from passages group by transcript_id having count(*) <> max(passage_index) + 1

order by all
