-- What the views need of each transcript and would take long over all of them. The temp table `new` names transcripts
-- of which nothing is derived yet, `others` those that are derived anew since they are on the clock of a new one. What
-- is new has ids of rows from `turns_from` and `words_from` on. All of it follows from the rows of the transcript, and
-- of the one whose clock it is on.
create or replace temp table clocks as
select transcript_id, coalesce(aligned_to, transcript_id) as heard_in
from transcripts where transcript_id in (from new) or transcript_id in (from others);
create or replace temp table elsewhere as
select transcript_id from clocks union select heard_in from clocks except from new;

create or replace temp view told_of_all as
select
    transcript_id, turn_index, speaker_label, speaker_name, coalesce(speaker_name, speaker_label) as speaker,
    name_source is not null as is_named, start_time, end_time, word_count, pauses, is_question, rowid as row_number
from turns;
create or replace temp table told_new as
from told_of_all where row_number >= getvariable('turns_from') and transcript_id in (from new);
create or replace temp table told_elsewhere as
from told_of_all where transcript_id in (from elsewhere);
create or replace temp view told as from told_new union all from told_elsewhere;

insert into derived_talk by name
select
    transcript_id, speaker,
    count(*) as turns,
    sum(word_count)::bigint as words,
    sum(spoken.seconds) as seconds,
    sum(word_count) filter (where spoken.seconds is not null)::bigint as timed_words,
    max(end_time - start_time) as longest_turn,
    count_if(is_named) as named_turns,
    sum(word_count) filter (where is_named)::bigint as named_words
from (
    -- Longer than a breath: nobody says anything in them, though the turn goes on.
    select *, end_time - start_time - least(coalesce(pauses, 0), end_time - start_time) as seconds from told_new
) spoken
group by transcript_id, speaker;

insert into derived_overlaps by name
with voices as (
    select transcript_id, speaker_label, coalesce(min(speaker_name), speaker_label) as speaker
    from told where speaker_label is not null
    group by transcript_id, speaker_label
), diarized as (
    -- A published text was put on the clock of a transcript whose voices are known from the sound.
    select c.transcript_id, coalesce(v.speaker, s.speaker_label) as speaker, s.start_time, s.end_time
    from clocks c
    join speaker_segments s on s.transcript_id = c.heard_in
    left join voices v on v.transcript_id = s.transcript_id and v.speaker_label = s.speaker_label
), speech as (
    from diarized
    union all
    select transcript_id, speaker, start_time, end_time
    from told
    where speaker is not null and start_time is not null and end_time is not null
        and transcript_id in (select transcript_id from clocks)
        and transcript_id not in (select transcript_id from diarized)
), begun as (
    select
        *, max(end_time) over earlier as other_end, arg_max(speaker, end_time) over earlier as other_speaker
    from speech
    -- Of several who speak already, the one who goes on longest is the one who is spoken over.
    window earlier as (
        partition by transcript_id order by start_time, end_time, speaker
        rows between unbounded preceding and 1 preceding
    )
), overlapping as (
    -- Shorter ones are the inaccuracy of the diarization (turns.is_overlap, too).
    select
        transcript_id, start_time, least(end_time, other_end) as end_time, speaker, other_speaker,
        end_time > other_end as goes_on
    from begun
    where speaker <> other_speaker and least(end_time, other_end) - start_time >= 0.2
), said as (
    select
        transcript_id, speaker, start_time, max(turn_index) as turn_index,
        arg_max_null(end_time, turn_index) as end_time
    from told where speaker is not null and start_time is not null
    group by transcript_id, speaker, start_time
)
select o.*, case when o.goes_on and t.end_time > o.start_time then t.turn_index end as turn_index
from overlapping o
asof left join said t
    on t.transcript_id = o.transcript_id and t.speaker = o.speaker and t.start_time < o.end_time;

insert into derived_pairs by name
with answers as (
    select
        t.transcript_id, t.speaker as other_speaker, a.speaker,
        count(*) as answers,
        count_if(t.is_question) as to_questions,
        median(a.start_time - t.end_time) as median_gap
    from told t join told a on a.transcript_id = t.transcript_id and a.turn_index = t.turn_index + 1
    where t.speaker <> a.speaker and t.transcript_id in (select transcript_id from clocks)
    group by all
), cut as (
    select transcript_id, other_speaker, speaker, count(*) as interruptions
    from derived_overlaps
    where goes_on and transcript_id in (select transcript_id from clocks)
    group by all
)
select
    transcript_id, speaker, other_speaker,
    coalesce(answers, 0) as answers,
    coalesce(to_questions, 0) as to_questions,
    median_gap,
    coalesce(interruptions, 0) as interruptions
from answers full join cut using (transcript_id, speaker, other_speaker);

insert into derived_silences by name
with spoken as (
    select *, pauses is not null or start_time is null or end_time is null as by_word from told_new
), pieces as (
    -- The words of turns with pauses or without times, other turns as a whole: all words would make the sorting dear.
    -- A turn without times and words is a piece of which nobody knows when it was said.
    select transcript_id, turn_index, speaker, start_time, end_time, null::bigint as word_index
    from spoken where not by_word
    union all
    select t.transcript_id, t.turn_index, t.speaker, w.start_time, w.end_time, w.word_index
    from spoken t
    left join (
        from words where rowid >= getvariable('words_from')
            and transcript_id in (select transcript_id from spoken where by_word)
    ) w using (transcript_id, turn_index)
    where t.by_word
), followed as (
    select
        *,
        lag(end_time) over before as last_end,
        lag(turn_index) over before as after_turn,
        lag(speaker) over before as after_speaker,
        max(end_time) over (before rows between unbounded preceding and 1 preceding) as silent_from
    from pieces
    window before as (partition by transcript_id order by turn_index, word_index)
)
-- Where the piece before has no times, nobody knows when it was said.
select
    transcript_id, silent_from as start_time, start_time as end_time, after_turn, after_speaker,
    turn_index as before_turn, speaker as before_speaker
from followed where last_end is not null and start_time - silent_from > 1;

insert into derived_monologues by name
with edged as (
    select
        *, lag(speaker) over beside is distinct from speaker and lead(speaker) over beside is distinct from speaker
            as is_alone
    from told_new window beside as (partition by transcript_id order by turn_index)
), numbered as (
    -- Nearly all turns stand alone and are short: to number and group them, too, would take twice as long.
    select
        *, turn_index - row_number() over (partition by transcript_id, speaker order by turn_index) as run
    from edged
    where speaker is not null
        and (not is_alone or end_time - start_time >= 60 or end_time - start_time is null and word_count >= 150)
)
select
    transcript_id,
    min(turn_index) as first_turn,
    max(turn_index) as last_turn,
    speaker,
    arg_min_null(start_time, turn_index) as start_time,
    arg_max_null(end_time, turn_index) as end_time,
    sum(word_count)::bigint as words
from numbered
group by transcript_id, speaker, run
having arg_max_null(end_time, turn_index) - arg_min_null(start_time, turn_index) >= 60
    or (arg_max_null(end_time, turn_index) - arg_min_null(start_time, turn_index) is null and sum(word_count) >= 150);
