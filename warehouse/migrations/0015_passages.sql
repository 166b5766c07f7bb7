-- What is said, as vectors, for a search by meaning. No keys: nobody asks for one row, and each load would pay for them.
create table passages (
    transcript_id varchar not null,
    passage_index integer not null,
    turn_index integer not null,
    text_md5 varchar not null,
    method varchar not null,
    vector tinyint[384] not null
);
comment on table passages is 'What the best transcripts say, as vectors, for `turntable search --semantic`: one row per turn, or piece of a long one; empty where `semantic` is not switched on.';
comment on column passages.transcript_id is 'The transcript (transcripts.transcript_id)';
comment on column passages.passage_index is 'Place in the transcript, from 0';
comment on column passages.turn_index is 'The turn that says most of it (turns.turn_index)';
comment on column passages.text_md5 is 'MD5 of the text that the transcript had (load_log.text_md5)';
comment on column passages.method is 'Method and its version: vectors of different ones cannot be compared';
comment on column passages.vector is 'The vector, of length 1, in 400ths';
