-- A show, an episode that was heard and published, and one of which there is a summary alone.
-- Schemas before the third took a summary for a transcript.
insert into podcasts (podcast_id, title, updated_at) values ('show', 'The Long Groove', '2026-01-01');
insert into episodes (episode_id, podcast_id, guid, title, duration, linked_by, transcripts, persons, updated_at)
values
    ('heard', 'show', 'g1', 'Why a Record Turns', 12, 'feed', [], [{name: 'Mara', role: 'host'}], '2026-01-01'),
    ('read', 'show', 'g2', 'A summary', null, 'feed', null, null, '2026-01-01');
insert into renditions (rendition_id, episode_id, decoded_seconds, bad_packets, flags, fetched_at)
values ('5ha', 'heard', 12, 0, [], '2026-01-01');
insert into transcripts
    (transcript_id, episode_id, rendition_id, source, format, origin, model, method_version, is_best, flags, created_at)
values
    ('asr-1', 'heard', '5ha', 'asr', null, null, 'base', '1', false, [], '2026-01-01'),
    ('vtt', 'heard', null, 'publisher', 'vtt', 'https://groove.example/1.vtt', null, '1', true, [], '2026-01-01'),
    ('page', 'read', null, 'publisher', 'post', 'https://groove.example/2', null, '1', (select count(*) < 3 from schema_migrations), [], '2026-01-01');
insert into turns
    (transcript_id, episode_id, turn_index, speaker_label, speaker_name, start_time, end_time, text, word_count, boundary)
values
    ('asr-1', 'heard', 0, 'A', null, 0, 1.5, 'The needle?', 2, 'speaker'),
    ('asr-1', 'heard', 1, 'B', null, 2, 3, 'It turns.', 2, 'speaker'),
    ('vtt', 'heard', 0, 'Mara', 'Mara', 0, 1.5, 'The needle?', 2, 'cue'),
    ('vtt', 'heard', 1, null, null, null, null, 'It turns.', 2, 'cue');
insert into words (transcript_id, word_index, turn_index, word, start_time, end_time, probability)
values
    ('asr-1', 0, 0, 'The', 0, 0.5, 0.9), ('asr-1', 1, 0, 'needle?', 0.5, 1.5, 0.9),
    ('asr-1', 2, 1, 'It', 2, 2.5, 0.9), ('asr-1', 3, 1, 'turns.', 2.5, 3, 0.9);
insert into speaker_segments values ('asr-1', 0, 'A', 0, 1.75), ('asr-1', 1, 'B', 1.5, 3);
insert into chapters values ('heard', 'vtt', 0, 'Dust', 0, 1.5, 'vtt');
insert into sections values ('page', 'read', 0, 'In short', 'Records turn.');
insert into stage_runs (run_id, source, episode_id, stage, key, status, error_class, flags, started_at, seconds)
values
    ('r1', 'feed', 'heard', 'fetch', 'k', 'done', null, [], '2026-01-01', 1.5),
    ('r2', 'feed', 'read', 'fetch', null, 'failed', 'source', [], '2026-01-01', 1.5);
insert into load_log
    (staged_key, transcript_id, episode_id, podcast_id, rendition_id, turns, words, text_md5, staged_at, loaded_at)
select 'key-' || transcript_id, transcript_id, any_value(t.episode_id), 'show', any_value(rendition_id),
    count(turn_index), if(transcript_id = 'asr-1', 4, 0), md5(string_agg(text, chr(10) order by turn_index)),
    '2026-01-01', '2026-01-01'
from transcripts t left join turns using (transcript_id) group by transcript_id;
