-- Published text on the clock of the audio, and voices named by it.
alter table transcripts add column aligned_to varchar;
comment on column transcripts.aligned_to is 'Transcript of our own (transcripts.transcript_id) on whose clock a published text was put; NULL where none was';
alter table transcripts add column aligned_share double;
comment on column transcripts.aligned_share is 'Share of the words that were heard as written, 0 to 1, of the shorter of the two: under 0.3 nothing is taken from it, under 0.15 the text is of other audio; NULL where it was not aligned';
comment on column transcripts.is_best is 'The one of its episode to read: one with turns before silence; one that fits the audio and has half of what was heard before one that does not (flags other_audio, partial_text); then publisher, asr, captions; then one with speakers before one without; then the newest created_at; then the smallest transcript_id. Never a published text without turns';

alter table turns add column name_confidence double;
comment on column turns.name_confidence is 'How sure speaker_name is, 0 to 1: where it is aligned, the share of the words of the voice that the text gives to that person; 1 where the user gave it; NULL for published text and where there is none';
comment on column turns.name_source is 'How speaker_name was found: publisher, aligned (a published text names who says what was heard of this voice) or user; NULL where there is none';
comment on column turns.time_source is 'Who gave the times: asr, publisher, or chapter where the turn opens one and took its time; aligned where its words were heard as written, interpolated where the first or the last was not; NULL where there are none';
comment on column turns.speaker_label is 'Speaker as the diarization or the published text names it; for a text that names none, the voice that its words were heard as; NULL where unsure';

alter table words add column time_confidence double;
comment on column words.time_confidence is 'How sure the times are that were found by alignment, 0 to 1: the share of the words around it that were heard as written, halved where the time was interpolated; NULL for all other times';
comment on column words.time_source is 'Who gave the times: asr, publisher, aligned (heard as written) or interpolated (between two that were); NULL where there are none';
comment on column words.speaker_label is 'Speaker as the diarization or the published text names it; for a text that names none, the voice that it was heard as; NULL where unsure';

create table gaps (
    transcript_id varchar,
    gap_index bigint check (gap_index >= 0),
    kind varchar not null check (kind in ('text', 'audio')),
    first_word bigint not null,
    word_count bigint not null,
    start_time double,
    end_time double,
    primary key (transcript_id, gap_index)
);
comment on table gaps is 'What a published text and the audio do not share, one row per stretch: text that was not said, audio that was not written.';
comment on column gaps.transcript_id is 'The published text (transcripts.transcript_id)';
comment on column gaps.gap_index is 'Place in the list, from 0: first those of the text, then those of the audio';
comment on column gaps.kind is 'text: words that were not said; audio: seconds that were not written';
comment on column gaps.first_word is 'The first word that only one side has (words.word_index): of the text, or of the transcript in transcripts.aligned_to';
comment on column gaps.word_count is 'Words of the stretch; 0 in audio in which nothing was recognised';
comment on column gaps.start_time is 'Start, seconds from the start of the audio; for text, where it would be; NULL where unknown';
comment on column gaps.end_time is 'End, seconds from the start of the audio; for text, where it would be; NULL where unknown';

create table evals (
    transcript_id varchar,
    reference_id varchar,
    episode_id varchar not null,
    words bigint not null,
    errors bigint not null,
    wer double,
    aligned_words bigint not null,
    substitutions bigint not null,
    deletions bigint not null,
    insertions bigint not null,
    aligned_wer double,
    reference_share double not null,
    share double not null,
    named_words bigint not null,
    misnamed_words bigint not null,
    label_error double,
    primary key (transcript_id, reference_id)
);
comment on table evals is 'How wrong our own recogniser was by a published text of the same episode, one row per pair.';
comment on column evals.transcript_id is 'The transcript that is judged (transcripts.transcript_id)';
comment on column evals.reference_id is 'The published text that it is judged by (transcripts.transcript_id)';
comment on column evals.episode_id is 'The episode (episodes.episode_id)';
comment on column evals.words is 'Words of the text from the first to the last that both have; numbers count as they are said';
comment on column evals.errors is 'Words that were replaced, left out or added there: by the recogniser, or by the publisher, who edits';
comment on column evals.wer is 'errors / words: the word error rate over all of that; NULL where nothing aligns';
comment on column evals.aligned_words is 'Words of the text in the stretches where both go together';
comment on column evals.substitutions is 'Words there that were heard as others';
comment on column evals.deletions is 'Words there that were not heard';
comment on column evals.insertions is 'Words there that were heard and not written';
comment on column evals.aligned_wer is 'Word error rate in these stretches; NULL where there are none';
comment on column evals.reference_share is 'Share of the words of the text that were heard as written, 0 to 1';
comment on column evals.share is 'Share of the words heard that are written, 0 to 1';
comment on column evals.named_words is 'Words that both have, of voices that have a name by this text';
comment on column evals.misnamed_words is 'Those of them that the text gives to somebody else';
comment on column evals.label_error is 'misnamed_words / named_words: how often the diarization gave a word to the wrong voice; NULL without names';

alter table load_log add column described_at timestamptz;
comment on column load_log.described_at is 'When its transcript was staged first, before others told of it: what it says of show, episode and audio is from then, UTC; NULL before this column was';
