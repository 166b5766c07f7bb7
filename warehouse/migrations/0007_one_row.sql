alter table episodes add column audio_path varchar;
comment on column episodes.audio_path is 'Where the audio lies on this machine; NULL where it is no file that is known here';
comment on column transcript_speakers.role is 'What the text says of the speaker, else the feed (podcast:person), such as host; NULL where nothing';
comment on column episodes.linked_by is 'How the episode is known: feed, youtube, url or file; for one known only by a text, how that was linked';
comment on column transcripts.linked_by is 'How a published text was linked to its episode: feed (the publisher offers it), episode (given), url, youtube, show_title, beside (audio of the same name lies beside it), title or file; NULL for asr';
