insert into name_evidence values ('asr-1', 0, 'A', 'Mara', 'self', 2, 0, 0, 1, 'I am Mara');
