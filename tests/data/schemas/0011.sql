insert into voices (transcript_id, speaker_label, speaker_id, name_source) values ('asr-1', 'A', 'p1', 'voice');
