-- Voices named by the words of the episode itself.
comment on column turns.name_source is 'How speaker_name was found: publisher, aligned (a published text names who says what was heard of this voice), introduced (the words of the episode tell, see name_evidence) or user; NULL where there is none';
comment on column turns.name_confidence is 'How sure speaker_name is, 0 to 1: where it is aligned, the share of the words of the voice that the text gives to that person; where it is introduced, more with each sentence that says so and less with each that speaks against it; 1 where the user gave it; NULL for published text and where there is none';

create table name_evidence (
    transcript_id varchar,
    evidence_index bigint check (evidence_index >= 0),
    speaker_label varchar not null,
    speaker_name varchar not null,
    kind varchar not null check (kind in ('aligned', 'self', 'presented', 'addressed', 'remaining')),
    weight double not null,
    turn_index bigint not null,
    first_word bigint not null,
    word_count bigint not null,
    quote varchar not null,
    primary key (transcript_id, evidence_index)
);
comment on table name_evidence is 'What the names of voices rest on: sentences of the episode, or the turn that a published text gives to that person.';
comment on column name_evidence.transcript_id is 'The transcript (transcripts.transcript_id)';
comment on column name_evidence.evidence_index is 'Place in the list, from 0';
comment on column name_evidence.speaker_label is 'The voice that is named (turns.speaker_label)';
comment on column name_evidence.speaker_name is 'Who it is';
comment on column name_evidence.kind is 'aligned: the longest turn of the voice that a published text gives to that person; self: the voice says so itself; presented: somebody presents who speaks next; addressed: the voice answers to the name, or the one before it is thanked by it; remaining: presented and spoken to, and nobody else is left';
comment on column name_evidence.weight is 'What it counts, of 1 that is needed; 0 for remaining; for aligned the share of the words of the voice that the text gives to that person';
comment on column name_evidence.turn_index is 'The turn in which it is said (turns.turn_index)';
comment on column name_evidence.first_word is 'Its first word (words.word_index)';
comment on column name_evidence.word_count is 'Its words';
comment on column name_evidence.quote is 'The sentence or turn, as it was heard';

-- The best of both, and what a user pins. A check of the values of a column can only be made with its table.
alter table transcripts rename to transcripts_before;
create table transcripts (
    transcript_id varchar primary key,
    episode_id varchar not null,
    rendition_id varchar,
    source varchar not null check (source in ('asr', 'publisher', 'captions', 'merged')),
    format varchar,
    origin varchar,
    language varchar,
    model varchar,
    method_version varchar not null,
    parse_coverage double check (parse_coverage between 0 and 1),
    is_best boolean not null default false,
    flags varchar[] not null,
    created_at timestamp with time zone not null,
    linked_by varchar,
    document_sha256 varchar,
    parse_confidence double,
    aligned_to varchar,
    aligned_share double,
    is_pinned boolean
);
insert into transcripts by name select * from transcripts_before;
drop table transcripts_before;
comment on table transcripts is 'One row per transcript; those of one episode live side by side.';
comment on column transcripts.transcript_id is 'Key of the finished transcript';
comment on column transcripts.episode_id is 'The episode (episodes.episode_id)';
comment on column transcripts.rendition_id is 'The audio that it belongs to (renditions.rendition_id); NULL where unknown';
comment on column transcripts.source is 'Who made it: asr (recognised here), publisher, captions, or merged: the words of a publisher''s text where it goes with the audio, and what was heard where it has gaps';
comment on column transcripts.format is 'Format of a published text, such as vtt or post; NULL for what was recognised here';
comment on column transcripts.origin is 'Path or URL that a published text came from, also of the one that was merged';
comment on column transcripts.language is 'Language tag (BCP 47) of the words';
comment on column transcripts.model is 'Model that recognised the words; NULL for published text';
comment on column transcripts.method_version is 'Version of the method that made it';
comment on column transcripts.parse_coverage is 'Share of the words of a published text that are in a turn, chapter, section, event or metadata, 0 to 1; NULL for asr';
comment on column transcripts.is_best is 'The one of its episode to read: one with turns before silence; the one that a user pinned; one that fits the audio and has half of what was heard before one that does not (flags other_audio, other_language, partial_text); then merged, publisher, asr, captions; then one with speakers before one without; then the newest created_at; then the smallest transcript_id. Never a published text without turns';
comment on column transcripts.flags is 'What to know about the transcript; docs/transcripts.md lists the flags of published texts, docs/audio.md those of audio';
comment on column transcripts.created_at is 'When it was made, UTC';
comment on column transcripts.linked_by is 'How a published text was linked to its episode: feed (the publisher offers it), episode (given), url, youtube, show_title, beside (audio of the same name lies beside it), title or file; NULL for asr';
comment on column transcripts.document_sha256 is 'sha256 of the bytes of a published text, hexadecimal; NULL for asr';
comment on column transcripts.parse_confidence is 'How sure it is who speaks in a published text, 0 to 1: how likely its way to mark labels is, times the share of words that no doubtful label moves; NULL where the format itself says who speaks, and for asr';
comment on column transcripts.aligned_to is 'Transcript of our own (transcripts.transcript_id) on whose clock a published text was put; NULL where none was';
comment on column transcripts.aligned_share is 'Share of the words that were heard as written, 0 to 1, of the shorter of the two: under 0.3 nothing is taken from it, under 0.15 the text is of other audio; NULL where it was not aligned';
comment on column transcripts.is_pinned is 'Whether a user said that this one is to be read; NULL where nobody did';

alter table turns add column text_source varchar;
comment on column turns.text_source is 'Of a merged transcript, whose words these are: publisher or asr, which were said and not written, as an ad or what was cut from the text; NULL where all are of transcripts.source';
alter table words add column text_source varchar;
comment on column words.text_source is 'Of a merged transcript, whose word it is: publisher or asr; NULL where all are of transcripts.source';

-- How wrong our own recogniser was, with speakers, times, names and voices.
alter table evals add column aligned_share double;
comment on column evals.aligned_share is 'Share of words that is in the stretches where both go together: aligned_words / words';
alter table evals add column cp_words bigint;
comment on column evals.cp_words is 'Words of the text from the first to the last that both have, as cpwer counts them';
alter table evals add column cp_errors bigint;
comment on column evals.cp_errors is 'Words there that were replaced, left out, added or given to another speaker, with one voice a speaker; NULL where the text names nobody';
alter table evals add column cpwer double;
comment on column evals.cpwer is 'cp_errors / cp_words';
alter table evals add column tcp_errors bigint;
comment on column evals.tcp_errors is 'The same, where a word that is more than five seconds off is wrong, too; a few too many, as the alignment knows no times';
alter table evals add column tcpwer double;
comment on column evals.tcpwer is 'tcp_errors / cp_words';
alter table evals add column aligned_cp_words bigint;
comment on column evals.aligned_cp_words is 'Words of the text in the stretches where both go together';
alter table evals add column aligned_cp_errors bigint;
comment on column evals.aligned_cp_errors is 'cp_errors there';
alter table evals add column aligned_cpwer double;
comment on column evals.aligned_cpwer is 'aligned_cp_errors / aligned_cp_words';
alter table evals add column aligned_tcp_errors bigint;
comment on column evals.aligned_tcp_errors is 'tcp_errors there';
alter table evals add column aligned_tcpwer double;
comment on column evals.aligned_tcpwer is 'aligned_tcp_errors / aligned_cp_words';
alter table evals add column long_deletions bigint;
comment on column evals.long_deletions is 'Runs of ten words of the text and more that were not heard, though there is time for them';
alter table evals add column long_deletion_words bigint;
comment on column evals.long_deletion_words is 'Words of these runs';
alter table evals add column silent_insertions bigint;
comment on column evals.silent_insertions is 'Words that were heard, are not written, and lie half a second and more from where the diarization hears anybody; NULL without a diarization';
alter table evals add column names bigint;
comment on column evals.names is 'Words of the text with a capital letter inside a sentence, where both go together; 0 in languages that write all nouns so';
alter table evals add column names_wrong bigint;
comment on column evals.names_wrong is 'Those of them that were heard as others or not at all';
alter table evals add column speech_seconds double;
comment on column evals.speech_seconds is 'Speech of the speakers of the text where both go together, without 0.25 s around where one begins or ends; NULL without a diarization';
alter table evals add column voice_error_seconds double;
comment on column evals.voice_error_seconds is 'Seconds there that the diarization missed, heard in silence, or gave to another one';
alter table evals add column der double;
comment on column evals.der is 'Diarization error rate: voice_error_seconds / speech_seconds';

-- What one audio file of an episode has and another one lacks.
comment on table gaps is 'What a published text and the audio do not share, or two audio files of an episode, one row per stretch: text that was not said, audio that was not written, audio that the other file lacks, as an ad.';
comment on column gaps.transcript_id is 'The published text, or the transcript of our own of the audio that has more (transcripts.transcript_id)';
comment on column gaps.first_word is 'The first word that only one side has (words.word_index): of the text, of the transcript in transcripts.aligned_to, or where other_id is given of this transcript itself';
comment on column gaps.kind is 'text: words that were not said; audio: seconds that were not written, or that the other audio lacks';
alter table gaps add column other_id varchar;
comment on column gaps.other_id is 'What was heard of the other audio file (transcripts.transcript_id); NULL for published text';
