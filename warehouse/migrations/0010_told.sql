-- Voices named by the words of the episode itself.
comment on column turns.name_source is 'How speaker_name was found: publisher, aligned (a published text names who says what was heard of this voice), introduced (the words of the episode tell, see name_evidence) or user; NULL where there is none';
comment on column turns.name_confidence is 'How sure speaker_name is, 0 to 1: where it is aligned, the share of the words of the voice that the text gives to that person; where it is introduced, more with each sentence that says so and less with each that speaks against it; 1 where the user gave it; NULL for published text and where there is none';

create table name_evidence (
    transcript_id varchar,
    evidence_index bigint check (evidence_index >= 0),
    speaker_label varchar not null,
    speaker_name varchar not null,
    kind varchar not null check (kind in ('self', 'presented', 'addressed', 'remaining')),
    weight double not null,
    turn_index bigint not null,
    first_word bigint not null,
    word_count bigint not null,
    quote varchar not null,
    primary key (transcript_id, evidence_index)
);
comment on table name_evidence is 'What the names of voices rest on that the words of an episode tell, one row per sentence.';
comment on column name_evidence.transcript_id is 'The transcript (transcripts.transcript_id)';
comment on column name_evidence.evidence_index is 'Place in the list, from 0';
comment on column name_evidence.speaker_label is 'The voice that is named (turns.speaker_label)';
comment on column name_evidence.speaker_name is 'Who it is';
comment on column name_evidence.kind is 'self: the voice says so itself; presented: somebody presents who speaks next; addressed: the voice answers to the name, or the one before it is thanked by it; remaining: presented and spoken to, and nobody else is left';
comment on column name_evidence.weight is 'What it counts, of 1 that is needed; 0 for remaining';
comment on column name_evidence.turn_index is 'The turn in which it is said (turns.turn_index)';
comment on column name_evidence.first_word is 'First word of the sentence (words.word_index)';
comment on column name_evidence.word_count is 'Words of the sentence';
comment on column name_evidence.quote is 'The sentence';
