-- What the views that read derived tables say, as plain SQL over the turns, words and voices of the best transcripts.
-- The views were these before 0016; where rows were told in any order, the order is said here.

create temp view talk_time as
with spoken as (
    select
        t.episode_id, coalesce(t.speaker_name, t.speaker_label) as speaker, t.word_count, t.start_time, t.end_time,
        -- Longer than a breath: nobody says anything in them, though the turn goes on.
        t.end_time - t.start_time - least(coalesce(t.pauses, 0), t.end_time - t.start_time) as seconds,
        p.title as podcast, e.title
    from turns t
    join transcripts b on b.transcript_id = t.transcript_id and b.is_best
    left join episodes e on e.episode_id = t.episode_id
    left join podcasts p on p.podcast_id = e.podcast_id
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
    max(end_time - start_time) as longest_turn,
    60 * sum(word_count) filter (where spoken.seconds is not null) / nullif(sum(spoken.seconds), 0) as words_a_minute,
    any_value(podcast) as podcast,
    any_value(title) as title
from spoken
group by episode_id, speaker;

create temp view exchanges as
-- Turns are numbered without gaps: found by its number, an answer is there at once for who asks for one episode.
select
    t.episode_id, t.transcript_id, t.podcast, t.title, t.published_at, t.turn_index, t.start_time, t.end_time,
    t.speaker, t.text,
    is_question(t.text, t.language) as is_question,
    a.turn_index as answer_index, coalesce(a.speaker_name, a.speaker_label) as answered_by, a.text as answer,
    a.start_time - t.end_time as gap
from best_turns t
join turns a on a.transcript_id = t.transcript_id and a.turn_index = t.turn_index + 1
-- Of two turns of unknown speakers nobody can say that one answers the other.
where t.speaker is distinct from coalesce(a.speaker_name, a.speaker_label);

create temp view speaker_overlaps as
with voices as (
    select transcript_id, speaker_label, coalesce(any_value(speaker_name), speaker_label) as speaker
    from turns where speaker_label is not null
    group by transcript_id, speaker_label
), diarized as (
    -- A published text was put on the clock of a transcript whose voices are known from the sound.
    select b.episode_id, coalesce(v.speaker, s.speaker_label) as speaker, s.start_time, s.end_time
    from transcripts b
    join speaker_segments s on s.transcript_id = coalesce(b.aligned_to, b.transcript_id)
    left join voices v on v.transcript_id = s.transcript_id and v.speaker_label = s.speaker_label
    where b.is_best
), speech as (
    from diarized
    union all
    select episode_id, speaker, start_time, end_time
    from best_turns
    where speaker is not null and start_time is not null and end_time is not null
        and episode_id not in (select episode_id from diarized)
), begun as (
    -- Of several who speak already, the one who goes on longest is the one who is spoken over.
    select
        *, max(end_time) over earlier as other_end, arg_max(speaker, end_time) over earlier as other_speaker
    from speech
    window earlier as (
        partition by episode_id order by start_time, end_time, speaker rows between unbounded preceding and 1 preceding
    )
)
select
    b.episode_id, p.title as podcast, e.title, e.published_at,
    b.start_time,
    least(b.end_time, b.other_end) as end_time,
    least(b.end_time, b.other_end) - b.start_time as seconds,
    b.speaker,
    b.other_speaker,
    b.end_time > b.other_end as goes_on
from begun b
left join episodes e using (episode_id)
left join podcasts p using (podcast_id)
-- Shorter ones are the inaccuracy of the diarization (turns.is_overlap, too).
where b.speaker <> b.other_speaker and least(b.end_time, b.other_end) - b.start_time >= 0.2;

create temp view interruptions as
select
    o.episode_id, o.podcast, o.title, o.published_at, o.start_time, o.seconds, o.speaker,
    o.other_speaker as interrupted,
    case when t.end_time > o.start_time then t.turn_index end as turn_index,
    case when t.end_time > o.start_time then t.text end as text
from speaker_overlaps o
asof left join (
    from best_turns where speaker is not null and start_time is not null
    qualify row_number() over (partition by episode_id, speaker, start_time order by turn_index desc) = 1
) t on t.episode_id = o.episode_id and t.speaker = o.speaker and t.start_time < o.end_time
where o.goes_on;

create temp view silences as
with spoken as (
    select
        t.episode_id, t.transcript_id, t.turn_index, coalesce(t.speaker_name, t.speaker_label) as speaker,
        t.start_time, t.end_time, t.pauses is not null or t.start_time is null or t.end_time is null as by_word
    from turns t join transcripts b on b.transcript_id = t.transcript_id and b.is_best
), pieces as (
    -- The words of turns with pauses or without times, other turns as a whole: all words, or titles, would make the
    -- sorting dear. A turn without times and words is a piece of which nobody knows when it was said.
    select * exclude (by_word), null::bigint as word_index from spoken where not by_word
    union all
    select t.episode_id, t.transcript_id, t.turn_index, t.speaker, w.start_time, w.end_time, w.word_index
    from spoken t left join words w using (transcript_id, turn_index)
    where t.by_word
), followed as (
    select
        *,
        lag(end_time) over before as last_end,
        lag(turn_index) over before as after_turn,
        lag(speaker) over before as after_speaker,
        max(end_time) over (before rows between unbounded preceding and 1 preceding) as silent_from
    from pieces
    window before as (partition by episode_id order by turn_index, word_index)
), silent as (
    -- Where the piece before has no times, nobody knows when it was said.
    from followed where last_end is not null and start_time - silent_from > 1
)
select
    s.episode_id, s.transcript_id, p.title as podcast, e.title,
    s.silent_from as start_time,
    s.start_time as end_time,
    s.start_time - s.silent_from as seconds,
    s.after_turn,
    s.after_speaker,
    s.turn_index as before_turn,
    s.speaker as before_speaker
from silent s
left join episodes e on e.episode_id = s.episode_id
left join podcasts p on p.podcast_id = e.podcast_id;

create temp view monologues as
with spoken as (
    select
        t.episode_id, t.transcript_id, coalesce(t.speaker_name, t.speaker_label) as speaker, t.turn_index,
        t.start_time, t.end_time, t.word_count
    from turns t join transcripts b on b.transcript_id = t.transcript_id and b.is_best
), edged as (
    select
        *, lag(speaker) over beside is distinct from speaker and lead(speaker) over beside is distinct from speaker
            as is_alone
    from spoken window beside as (partition by episode_id order by turn_index)
), numbered as (
    -- Nearly all turns stand alone and are short: to number and group them, too, would take twice as long.
    select
        *, turn_index - row_number() over (partition by episode_id, transcript_id, speaker order by turn_index) as run
    from edged
    where speaker is not null
        and (not is_alone or end_time - start_time >= 60 or end_time - start_time is null and word_count >= 150)
), runs as (
    select
        episode_id, transcript_id,
        min(turn_index) as first_turn,
        max(turn_index) as last_turn,
        arg_min_null(start_time, turn_index) as start_time,
        arg_max_null(end_time, turn_index) as end_time,
        sum(word_count)::bigint as words
    from numbered
    group by episode_id, transcript_id, speaker, run
    having arg_max_null(end_time, turn_index) - arg_min_null(start_time, turn_index) >= 60
        or (arg_max_null(end_time, turn_index) - arg_min_null(start_time, turn_index) is null and sum(word_count) >= 150)
)
select
    r.episode_id, r.transcript_id,
    any_value(t.podcast) as podcast,
    any_value(t.title) as title,
    any_value(t.published_at) as published_at,
    any_value(t.speaker) as speaker,
    r.first_turn, r.last_turn, r.start_time, r.end_time,
    r.end_time - r.start_time as seconds,
    r.words,
    string_agg(t.text, ' ' order by t.turn_index) as text
from runs r
join best_turns t
    on t.episode_id = r.episode_id and t.transcript_id = r.transcript_id
    and t.turn_index between r.first_turn and r.last_turn
group by r.episode_id, r.transcript_id, r.first_turn, r.last_turn, r.start_time, r.end_time, r.words;

create temp view speaker_pairs as
with answers as (
    select
        episode_id, speaker as other_speaker, answered_by as speaker,
        count(*) as answers,
        count_if(is_question) as to_questions,
        median(gap) as median_gap
    from exchanges
    where speaker is not null and answered_by is not null
    group by all
), cut as (
    select episode_id, interrupted as other_speaker, speaker, count(*) as interruptions
    from interruptions group by all
)
select
    episode_id, p.title as podcast, e.title, e.published_at, speaker, other_speaker,
    coalesce(answers, 0) as answers,
    coalesce(to_questions, 0) as to_questions,
    median_gap,
    coalesce(interruptions, 0) as interruptions
from answers full join cut using (episode_id, speaker, other_speaker)
left join episodes e using (episode_id)
left join podcasts p using (podcast_id);

create temp view guests as
with shown as (
    select t.*, e.podcast_id
    from best_turns t join episodes e using (episode_id)
), told as (
    select episode_id, speaker_name, role
    from transcript_speakers join transcripts using (transcript_id)
    where role is not null
    union all
    select episode_id, unnest(persons).name, unnest(persons).role from episodes where persons is not null
), episodes_of as (
    select podcast_id, count(distinct episode_id) as of_episodes from shown group by all
)
select
    s.podcast_id,
    any_value(s.podcast) as podcast,
    s.speaker,
    count(distinct s.episode_id) as episodes,
    any_value(o.of_episodes) as of_episodes,
    min(s.published_at) as first_published_at,
    max(s.published_at) as last_published_at,
    sum(s.word_count)::bigint as words,
    mode(r.role) as role
from shown s
join episodes_of o on o.podcast_id is not distinct from s.podcast_id
left join (select episode_id, speaker_name, mode(role) as role from told group by all) r
    on r.episode_id = s.episode_id and r.speaker_name = s.speaker
-- A label is another person in each episode.
where s.name_source is not null
group by s.podcast_id, s.speaker;
