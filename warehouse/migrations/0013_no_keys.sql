-- Tables of millions of rows without primary keys: nobody looks up one row by its key, and the index of a key costs
-- as much as its rows do, on the disk, in each load and in each snapshot. That no turn, word or segment is there twice
-- is the loader's work, and `turntable verify` checks it. A table loses its key only by being made anew.

alter table turns rename to turns_before;
create table turns (
    transcript_id varchar not null,
    episode_id varchar not null,
    turn_index bigint not null,
    speaker_label varchar,
    speaker_id varchar,
    speaker_name varchar,
    name_source varchar,
    start_time double,
    end_time double,
    time_source varchar,
    text varchar not null,
    word_count bigint not null,
    chapter_index bigint,
    boundary varchar not null,
    is_overlap boolean,
    speaker_margin double,
    mean_probability double,
    name_confidence double,
    text_source varchar,
    check (turn_index >= 0),
    check (word_count >= 0),
    check (0 <= start_time and start_time <= end_time and isfinite(end_time))
);
insert into turns by name select * from turns_before;
drop table turns_before;

comment on table turns is 'Who said what, when: one row per maximal run of one known speaker, else per sentence, cue or paragraph.';
comment on column turns.transcript_id is 'The transcript (transcripts.transcript_id)';
comment on column turns.episode_id is 'The episode (episodes.episode_id)';
comment on column turns.turn_index is 'Place in the transcript, from 0, without gaps';
comment on column turns.speaker_label is 'Speaker as the diarization or the published text names it; for a text that names none, the voice that its words were heard as; NULL where unsure';
comment on column turns.speaker_id is 'Person known across episodes (speakers.speaker_id); NULL where unknown';
comment on column turns.speaker_name is 'Name of a person; NULL where unknown';
comment on column turns.name_source is 'How speaker_name was found: publisher, aligned (a published text names who says what was heard of this voice), introduced (the words of the episode tell, see name_evidence), voice (it sounds like somebody who is named elsewhere, see voices) or user; NULL where there is none';
comment on column turns.start_time is 'Start, seconds from the start of the audio; NULL where unknown';
comment on column turns.end_time is 'End, seconds from the start of the audio; NULL where unknown';
comment on column turns.time_source is 'Who gave the times: asr, publisher, or chapter where the turn opens one and took its time; aligned where its words were heard as written, interpolated where the first or the last was not; NULL where there are none';
comment on column turns.text is 'What was said';
comment on column turns.word_count is 'Words in the turn';
comment on column turns.chapter_index is 'Chapter that the turn starts in (chapters.chapter_index); NULL where unknown';
comment on column turns.boundary is 'What makes it one turn: speaker, sentence, cue or paragraph';
comment on column turns.is_overlap is 'Whether somebody else speaks meanwhile; NULL where unknown';
comment on column turns.speaker_margin is 'How far the speaker leads the second, 0 to 1; NULL where unknown';
comment on column turns.mean_probability is 'Mean probability of its words, 0 to 1; NULL where unknown';
comment on column turns.name_confidence is 'How sure speaker_name is, 0 to 1: where it is aligned, the share of the words of the voice that the text gives to that person; where it is introduced, more with each sentence that says so and less with each that speaks against it; where it is voice, how sure that match was; 1 where the user gave it; NULL for published text and where there is none';
comment on column turns.text_source is 'Of a merged transcript, whose words these are: publisher or asr, which were said and not written, as an ad or what was cut from the text; NULL where all are of transcripts.source';

alter table words rename to words_before;
create table words (
    transcript_id varchar not null,
    word_index bigint not null,
    turn_index bigint,
    word varchar not null,
    start_time double,
    end_time double,
    time_source varchar,
    probability double,
    speaker_label varchar,
    speaker_margin double,
    time_confidence double,
    text_source varchar,
    check (word_index >= 0),
    check (0 <= start_time and start_time <= end_time and isfinite(end_time))
);
insert into words by name select * from words_before;
drop table words_before;

comment on table words is 'The words of the transcripts whose words are known one by one.';
comment on column words.transcript_id is 'The transcript (transcripts.transcript_id)';
comment on column words.word_index is 'Place in the transcript, from 0';
comment on column words.turn_index is 'The turn that the word is in (turns.turn_index)';
comment on column words.word is 'The word with its punctuation';
comment on column words.start_time is 'Start, seconds from the start of the audio; NULL where unknown';
comment on column words.end_time is 'End, seconds from the start of the audio; NULL where unknown';
comment on column words.time_source is 'Who gave the times: asr, publisher, aligned (heard as written) or interpolated (between two that were); NULL where there are none';
comment on column words.probability is 'How sure the recogniser is, 0 to 1; NULL for published text';
comment on column words.speaker_label is 'Speaker as the diarization or the published text names it; for a text that names none, the voice that it was heard as; NULL where unsure';
comment on column words.speaker_margin is 'How far the speaker leads the second, 0 to 1; NULL where unknown';
comment on column words.time_confidence is 'How sure the times are that were found by alignment, 0 to 1: the share of the words around it that were heard as written, halved where the time was interpolated; NULL for all other times';
comment on column words.text_source is 'Of a merged transcript, whose word it is: publisher or asr; NULL where all are of transcripts.source';

alter table speaker_segments rename to speaker_segments_before;
create table speaker_segments (
    transcript_id varchar not null,
    segment_index bigint not null,
    speaker_label varchar not null,
    start_time double not null,
    end_time double not null,
    check (segment_index >= 0),
    check (0 <= start_time and start_time <= end_time and isfinite(end_time))
);
insert into speaker_segments by name select * from speaker_segments_before;
drop table speaker_segments_before;

comment on table speaker_segments is 'Who spoke when, found in the sound alone; segments overlap where people do.';
comment on column speaker_segments.transcript_id is 'The transcript (transcripts.transcript_id)';
comment on column speaker_segments.segment_index is 'Place in the diarization, from 0';
comment on column speaker_segments.speaker_label is 'Speaker as the diarization names it';
comment on column speaker_segments.start_time is 'Start, seconds from the start of the audio';
comment on column speaker_segments.end_time is 'End, seconds from the start of the audio';
