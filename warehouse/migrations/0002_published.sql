alter table transcripts add column linked_by varchar;
alter table transcripts add column document_sha256 varchar;
comment on column transcripts.linked_by is 'How a published text was linked to its episode: episode (given), url, youtube, show_title, title or file; NULL for asr';
comment on column transcripts.document_sha256 is 'sha256 of the bytes of a published text, hexadecimal; NULL for asr';
comment on column transcripts.source is 'Who made it: asr (recognised, here or, where format is given, elsewhere), publisher or captions';
comment on column transcripts.format is 'Format of a published text, such as vtt or post; NULL for what was recognised here';
comment on column transcripts.parse_coverage is 'Share of the words of a published text that are in a turn, chapter, section, event or metadata, 0 to 1; NULL for asr';
comment on column turns.time_source is 'Who gave the times: asr, publisher, or chapter where the turn opens one and took its time; NULL where there are none';
comment on column turns.name_source is 'How speaker_name was found: publisher; NULL where there is none';

create table transcript_speakers (
    transcript_id varchar,
    speaker_label varchar,
    speaker_name varchar,
    role varchar,
    variants varchar[] not null,
    primary key (transcript_id, speaker_label)
);
comment on table transcript_speakers is 'The speakers of a published text, and how it writes them.';
comment on column transcript_speakers.transcript_id is 'The transcript (transcripts.transcript_id)';
comment on column transcript_speakers.speaker_label is 'The speaker as in turns.speaker_label';
comment on column transcript_speakers.speaker_name is 'Name of the person; NULL for a label such as Speaker 1';
comment on column transcript_speakers.role is 'What the text says of the speaker, such as host; NULL where nothing';
comment on column transcript_speakers.variants is 'Every way in which the text writes the speaker';

create table events (
    transcript_id varchar,
    event_index bigint check (event_index >= 0),
    turn_index bigint,
    event varchar not null,
    start_time double,
    primary key (transcript_id, event_index)
);
comment on table events is 'What is heard and no word, as published: [laughter], [crosstalk], music.';
comment on column events.transcript_id is 'The transcript (transcripts.transcript_id)';
comment on column events.event_index is 'Place in the transcript, from 0';
comment on column events.turn_index is 'The turn that it is in or behind (turns.turn_index); NULL before the first';
comment on column events.event is 'As the text writes it';
comment on column events.start_time is 'Start, seconds from the start of the audio; NULL where unknown';
