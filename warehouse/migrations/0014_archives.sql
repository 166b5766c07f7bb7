-- What grows with an archive. Each load and each snapshot wrote the index of all runs anew: that a run is there once
-- is the loader's work, and `turntable verify` checks it.

alter table stage_runs rename to stage_runs_before;
create table stage_runs (
    run_id varchar not null,
    source varchar not null,
    episode_id varchar,
    stage varchar not null,
    key varchar,
    status varchar not null,
    error_class varchar,
    message varchar,
    method varchar,
    model varchar,
    device varchar,
    parameters varchar,
    flags varchar[] not null,
    started_at timestamptz not null,
    seconds double not null,
    check (status in ('done', 'failed')),
    check (seconds >= 0)
);
insert into stage_runs by name select * from stage_runs_before;
drop table stage_runs_before;

comment on table stage_runs is 'One row per finished or failed stage of an episode: what ran, where, for how long.';
comment on column stage_runs.run_id is 'A done run: hash of episode, stage and key; a failed one: its failure file';
comment on column stage_runs.source is 'What was asked for: a URL, a path or an id';
comment on column stage_runs.episode_id is 'The episode (episodes.episode_id); NULL where it failed before that was known';
comment on column stage_runs.stage is 'Name of the stage, such as fetch or transcribe';
comment on column stage_runs.key is 'Hash of inputs, parameters and method: names the result';
comment on column stage_runs.status is 'done or failed';
comment on column stage_runs.error_class is 'transient, source, content, hostile, resource or bug; NULL when done';
comment on column stage_runs.message is 'What went wrong and the way out, one line; NULL when done';
comment on column stage_runs.method is 'Method and its version';
comment on column stage_runs.model is 'Model that ran; NULL where there is none';
comment on column stage_runs.device is 'Where it ran, such as cuda or cpu';
comment on column stage_runs.parameters is 'Parameters, as JSON';
comment on column stage_runs.flags is 'Warnings of the run';
comment on column stage_runs.started_at is 'When it started, UTC';
comment on column stage_runs.seconds is 'How long it ran, seconds';

-- Who asks how much was said in an archive must not look at each of its words.
alter table turns add column pauses double;
comment on column turns.pauses is 'How long nobody says anything within the turn: pauses of more than a second between two of its words, seconds; NULL where there are none, or no words with times';
update turns set pauses = silent.seconds
from (
    select transcript_id, turn_index, sum(round(1000000 * (after - end_time))::bigint) / 1000000 as seconds
    from (
        select
            transcript_id, turn_index, end_time,
            lead(start_time) over (partition by transcript_id, turn_index order by word_index) as after
        from words
    )
    where after - end_time > 1
    group by all
) silent
where silent.transcript_id = turns.transcript_id and silent.turn_index = turns.turn_index;

-- Words that were heard otherwise are found in the audio itself.
comment on column words.time_source is 'Who gave the times: asr, publisher, aligned (heard as written, or found in the audio where it was heard otherwise) or interpolated (between two that were); NULL where there are none';
comment on column words.time_confidence is 'How sure the times are that were found by alignment, 0 to 1: the share of the words around it that were heard as written, halved where the time was interpolated; where it was heard otherwise, how likely the recogniser finds it and its neighbours; NULL for all other times';
comment on column turns.time_source is 'Who gave the times: asr, publisher, or chapter where the turn opens one and took its time; aligned where its first and last word were found in the audio, interpolated where one was not; NULL where there are none';
comment on column transcripts.is_best is 'The one of its episode to read: one with turns before silence; the one that a user pinned; one that fits the audio and has half of what was heard before one that does not (flags other_audio, little_aligned, other_language, partial_text); then merged, publisher, asr, captions; then one with speakers before one without; then the newest created_at; then the smallest transcript_id. Never a published text without turns';
