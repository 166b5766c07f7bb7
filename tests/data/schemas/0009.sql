insert into gaps (transcript_id, gap_index, kind, first_word, word_count) values ('vtt', 0, 'text', 0, 1);
insert into evals (transcript_id, reference_id, episode_id, words, errors, aligned_words, substitutions,
    deletions, insertions, reference_share, share, named_words, misnamed_words)
values ('asr-1', 'vtt', 'heard', 4, 1, 4, 1, 0, 0, 1, 1, 0, 0);
