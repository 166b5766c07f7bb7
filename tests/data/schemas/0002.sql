insert into transcript_speakers values ('vtt', 'Mara', 'Mara', 'host', ['MARA']);
insert into events values ('vtt', 0, 1, 'laughter', 2);
