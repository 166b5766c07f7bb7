insert into search_words
select distinct 'en', lower(word), lower(word), lower(word)
from (select unnest(regexp_extract_all(text, '[A-Za-z]+')) as word from turns);
insert into search_index
select transcript_id, 'en', word, list(1048576 * turn_index + 16 * place + 1)
from (
    select transcript_id, turn_index, unnest(regexp_extract_all(lower(text), '[a-z]+')) as word,
        unnest([0, 1]) as place
    from turns
) group by all;
