-- What search looks in. No keys: nobody asks for one row, and each load would pay for them.
create table search_index (
    transcript_id varchar not null,
    "language" varchar not null,
    word varchar not null,
    places bigint[] not null
);
comment on table search_index is 'Which words are said in which turns, for search(): one row per transcript and word.';
comment on column search_index.transcript_id is 'The transcript (transcripts.transcript_id)';
comment on column search_index.language is 'Language of the transcript, else what its commonest words are of; empty where unknown';
comment on column search_index.word is 'The word in small letters';
comment on column search_index.places is 'Where it is said: 1048576 × turn (turns.turn_index) + 16 × place in the turn (65535 at most) + binary logarithm of the words in the turn (15 at most)';

create table search_words (
    "language" varchar not null,
    word varchar not null,
    term varchar not null,
    stem varchar not null
);
comment on table search_words is 'The words of search_index, as they are looked for: one row per language and word.';
comment on column search_words.language is 'Language of the word (search_index.language)';
comment on column search_words.word is 'The word in small letters';
comment on column search_words.term is 'The word without accents';
comment on column search_words.stem is 'What it has in common with its other forms; the term where the language has no stemmer';
