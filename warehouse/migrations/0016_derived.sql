-- What the views say of a whole archive, worked out once a transcript by the loader (loading/derive.sql) in place of
-- each time that somebody asks. No keys: nobody asks for one row, and each load would pay for them.

-- That most turns are no question costs no byte, and a text is not read to learn it.
alter table turns add column is_question boolean default false;
comment on column turns.is_question is 'Whether the text ends in a question mark';

create table derived_talk (
    transcript_id varchar not null,
    speaker varchar,
    turns bigint not null,
    words bigint not null,
    seconds double,
    timed_words bigint,
    longest_turn double,
    named_turns bigint not null,
    named_words bigint
);
comment on table derived_talk is 'How much each speaker says in each transcript, for talk_time and guests.';
comment on column derived_talk.transcript_id is 'The transcript (transcripts.transcript_id)';
comment on column derived_talk.speaker is 'Name of the speaker, else the label; NULL for all turns that are unsure';
comment on column derived_talk.turns is 'Turns of the speaker';
comment on column derived_talk.words is 'Words in them';
comment on column derived_talk.seconds is 'Time spoken, without the pauses within turns, seconds; NULL without times';
comment on column derived_talk.timed_words is 'Words of the turns with times; NULL without any';
comment on column derived_talk.longest_turn is 'Length of the longest turn, seconds; NULL without times';
comment on column derived_talk.named_turns is 'Turns in which the speaker is known by name';
comment on column derived_talk.named_words is 'Words of the turns in which the speaker is known by name; NULL without any';

create table derived_overlaps (
    transcript_id varchar not null,
    start_time double not null,
    end_time double not null,
    speaker varchar not null,
    other_speaker varchar not null,
    goes_on boolean not null,
    turn_index bigint
);
comment on table derived_overlaps is 'Where somebody begins while another speaks, in each transcript, for speaker_overlaps and interruptions.';
comment on column derived_overlaps.transcript_id is 'The transcript (transcripts.transcript_id)';
comment on column derived_overlaps.start_time is 'When both begin to speak at once, seconds from the start of the audio';
comment on column derived_overlaps.end_time is 'When one of them stops, seconds from the start of the audio';
comment on column derived_overlaps.speaker is 'Who begins';
comment on column derived_overlaps.other_speaker is 'Who is speaking already';
comment on column derived_overlaps.goes_on is 'Whether the one who began goes on when the other has stopped';
comment on column derived_overlaps.turn_index is 'Of one who goes on, the turn in which that is said (turns.turn_index); NULL where the turns do not have it';

create table derived_pairs (
    transcript_id varchar not null,
    speaker varchar not null,
    other_speaker varchar not null,
    answers bigint not null,
    to_questions bigint not null,
    median_gap double,
    interruptions bigint not null
);
comment on table derived_pairs is 'Who talks with whom in each transcript, for speaker_pairs.';
comment on column derived_pairs.transcript_id is 'The transcript (transcripts.transcript_id)';
comment on column derived_pairs.speaker is 'Who answers, or interrupts';
comment on column derived_pairs.other_speaker is 'Who is answered, or interrupted';
comment on column derived_pairs.answers is 'Turns right behind one of the other';
comment on column derived_pairs.to_questions is 'Those of them that follow a question';
comment on column derived_pairs.median_gap is 'Median time before an answer, seconds; NULL without answers or times';
comment on column derived_pairs.interruptions is 'How often the one interrupts the other';

create table derived_silences (
    transcript_id varchar not null,
    start_time double not null,
    end_time double not null,
    after_turn bigint not null,
    after_speaker varchar,
    before_turn bigint not null,
    before_speaker varchar
);
comment on table derived_silences is 'Where nobody says a word for more than a second, in each transcript, for silences.';
comment on column derived_silences.transcript_id is 'The transcript (transcripts.transcript_id)';
comment on column derived_silences.start_time is 'When the last word ends, seconds from the start of the audio';
comment on column derived_silences.end_time is 'When the next word begins, seconds from the start of the audio';
comment on column derived_silences.after_turn is 'Turn before the silence (turns.turn_index)';
comment on column derived_silences.after_speaker is 'Speaker before the silence; NULL where unsure';
comment on column derived_silences.before_turn is 'Turn behind the silence (turns.turn_index); the same one where it falls silent within';
comment on column derived_silences.before_speaker is 'Speaker behind the silence; NULL where unsure';

create table derived_monologues (
    transcript_id varchar not null,
    first_turn bigint not null,
    last_turn bigint not null,
    speaker varchar not null,
    start_time double,
    end_time double,
    words bigint not null
);
comment on table derived_monologues is 'Where one speaker goes on for a minute or more, or 150 words without times, in each transcript, for monologues.';
comment on column derived_monologues.transcript_id is 'The transcript (transcripts.transcript_id)';
comment on column derived_monologues.first_turn is 'The turn that it begins with (turns.turn_index)';
comment on column derived_monologues.last_turn is 'The turn that it ends with';
comment on column derived_monologues.speaker is 'Who goes on';
comment on column derived_monologues.start_time is 'Start of the first turn, seconds from the start of the audio; NULL where unknown';
comment on column derived_monologues.end_time is 'End of the last turn, seconds from the start of the audio; NULL where unknown';
comment on column derived_monologues.words is 'Words in it';
