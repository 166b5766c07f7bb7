-- Voices across episodes: whose voice a label is.
create table voices (
    transcript_id varchar,
    speaker_label varchar,
    speaker_id varchar not null,
    speaker_name varchar,
    name_source varchar not null,
    confidence double check (confidence between 0 and 1),
    score double,
    margin double,
    like_transcript_id varchar,
    like_label varchar,
    calibration varchar,
    primary key (transcript_id, speaker_label)
);
comment on table voices is 'Labels of transcripts of our own that are a known person, one row each; empty until `turntable speakers on`. No voiceprint is in the warehouse.';
comment on column voices.transcript_id is 'The transcript (transcripts.transcript_id)';
comment on column voices.speaker_label is 'The label that the diarization gave (turns.speaker_label)';
comment on column voices.speaker_id is 'The person (speakers.speaker_id)';
comment on column voices.speaker_name is 'What the person is called; NULL for one whom nobody named';
comment on column voices.name_source is 'How it is known: as turns.name_source where somebody named the label, else voice';
comment on column voices.confidence is 'How sure the match was when it was found, 0 to 1; NULL where the label was named';
comment on column voices.score is 'Cosine of its voiceprint with that of the voice of the person that it is most like; NULL where the label was named';
comment on column voices.margin is 'Lead over the second best person, on the average of their voices; NULL where the label was named';
comment on column voices.like_transcript_id is 'Transcript of the voice that it is most like (transcripts.transcript_id); NULL where the label was named';
comment on column voices.like_label is 'Label of that voice; NULL where the label was named';
comment on column voices.calibration is 'Version of the thresholds that the match met; NULL where the label was named';

comment on column turns.speaker_id is 'Person known across episodes (speakers.speaker_id); NULL where unknown';
comment on column turns.name_source is 'How speaker_name was found: publisher, aligned (a published text names who says what was heard of this voice), introduced (the words of the episode tell, see name_evidence), voice (it sounds like somebody who is named elsewhere, see voices) or user; NULL where there is none';
comment on column turns.name_confidence is 'How sure speaker_name is, 0 to 1: where it is aligned, the share of the words of the voice that the text gives to that person; where it is introduced, more with each sentence that says so and less with each that speaks against it; where it is voice, how sure that match was; 1 where the user gave it; NULL for published text and where there is none';
