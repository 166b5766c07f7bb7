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
