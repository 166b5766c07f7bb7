alter table transcripts add column parse_confidence double;
comment on column transcripts.parse_confidence is 'How sure it is who speaks in a published text, 0 to 1: how likely its way to mark labels is, times the share of words that no doubtful label moves; NULL where the format itself says who speaks, and for asr';
comment on column transcripts.flags is 'What to know about the transcript; docs/transcripts.md lists the flags of published texts, docs/audio.md those of audio';
