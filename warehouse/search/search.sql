-- Search: BM25 over the turns, in plain SQL. What it looks in is kept by index.py.

-- What a word is. Where words are not set apart by spaces, and in Korean, whose particles hang on them, each letter
-- counts as one: who looks for several in a row finds them as a phrase.
create or replace macro word_pattern() as '[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}]\p{M}*|(?:[^\P{L}\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}]|\p{M}|\p{N})+';
create or replace macro words_of(text) as regexp_extract_all(lower(nfc_normalize(text)), word_pattern());

-- A word without accents. Marks of other scripts are letters: が is not か, and й is not и.
create or replace macro folded(word) as case
    when regexp_matches(word, '^[\p{Latin}\p{Greek}\p{Hebrew}\p{Arabic}]')
    then replace(replace(replace(translate(strip_accents(word), 'øđıſ', 'odis'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe')
    else replace(word, 'ё', 'е')
end;

create or replace macro audio_link(audio_url, audio_path, page_url, start_time) as case
    when audio_path is not null then
        'file://' || replace(url_encode(audio_path), '%2F', '/')
            || coalesce('#t=' || floor(start_time)::bigint::varchar, '')
    when regexp_matches(page_url, '^https?://((www|m|music)\.)?(youtube\.com/watch\?|youtu\.be/)') then
        page_url || coalesce(
            case when contains(page_url, '?') then '&' else '?' end
                || 't=' || floor(start_time)::bigint::varchar || 's', ''
        )
    -- What is no address is a path: it opens nothing for others, and tells them of this machine.
    when regexp_matches(audio_url, '^https?://', 'i') then
        regexp_replace(audio_url, '#.*$', '') || coalesce('#t=' || floor(start_time)::bigint::varchar, '')
end;

-- Which words of the index each word of a query stands for, and how well.
create or replace macro search_terms(query) as table
with parts as (
    -- "a phrase", begin*, a word, "a phrase that begi*"; what is several words (l'école, 機械) is a phrase, too.
    select
        part_index, words_of(part) as words, starts_with(part, '"') as is_quoted,
        regexp_matches(part, '\*"?$') as is_open
    from (
        select unnest(parts) as part, generate_subscripts(parts, 1) as part_index
        from (
            select list_distinct(
                regexp_extract_all(translate(lower(query), '“”„‟«»', '""""""'), '"[^"]*"|[^\s"]+')
            ) as parts
        )
    )
    where len(words_of(part)) > 0
), items as (
    select
        part_index, place, folded(words[place]) as term, len(words) as places, is_quoted,
        is_open and place = len(words) as is_prefix
    from (
        select *, unnest(range(1, len(words) + 1)) as place
        from (
            select * replace (
                case when sum(len(words)) over () > 100 then error('search for 100 words at most') else part_index end
                    as part_index
            )
            from parts
        )
    )
), exact as (
    select i.part_index, i.place, w.word, w.stem, i.is_quoted or i.is_prefix as is_literal
    from items i join search_words w on w.term = i.term
), unsaid as (
    from items i anti join exact e on e.part_index = i.part_index and e.place = i.place
    where not is_quoted and not is_prefix and length(term) > 3
), mistyped as (
    -- One slip leaves the first or the last letters as they are, two slips these or the middle ones, where the pieces
    -- are a letter apart: few words have to be compared letter by letter.
    select
        * exclude (size), left(term, size) as head, right(term, size) as tail,
        case when slips = 2 then substr(term, (length(term) - size) // 2 + 1, size) end as middle
    from (
        select *, case when length(term) > 7 then 2 else 1 end as slips, (length(term) - slips) // (slips + 1) as size
        from unsaid
    )
), slips as (
    -- Nobody says this word: what differs by a slip or two.
    select i.part_index, i.place, w.stem
    from mistyped i join search_words w
        on case
            when abs(length(w.term) - length(i.term)) <= slips
                and (starts_with(w.term, head) or ends_with(w.term, tail) or contains(w.term, middle))
            then damerau_levenshtein(w.term, i.term) <= slips
            else false
        end
), stems as (
    select part_index, place, stem, 0.9 as weight from exact where not is_literal
    union all
    select part_index, place, stem, 0.5 from slips
    union all
    -- Without a slip: other forms of the word, whose stem it begins with.
    select i.part_index, i.place, w.stem, 0.5
    from (from mistyped i anti join slips s on s.part_index = i.part_index and s.place = i.place) i
    join search_words w
        on starts_with(i.term, w.stem) and length(w.stem) between greatest(3, length(i.term) - 4) and length(i.term)
), meant as (
    select part_index, place, word, 1.0 as weight from exact
    union all
    select s.part_index, s.place, w.word, s.weight from stems s join search_words w on w.stem = s.stem
    union all
    select i.part_index, i.place, w.word, 0.9
    from items i join search_words w on starts_with(w.term, i.term)
    where i.is_prefix
)
select
    i.part_index, i.place, any_value(i.places) as places, any_value(i.is_quoted) as is_quoted,
    m.word, max(m.weight)::double as weight
from items i left join meant m using (part_index, place)
group by i.part_index, i.place, m.word;

-- The turns of whoever a name means: a part of it is enough, and a person may be called otherwise than transcripts do.
create or replace macro spoken_by(speaker) as table
with names as (
    -- Of derived_talk, since it would be asked once a turn.
    select d.speaker from derived_talk d where contains(plain(d.speaker), plain(speaker))
), people as (
    select v.speaker_id from voices v where contains(plain(v.speaker_name), plain(speaker))
)
select transcript_id, turn_index from turns
where coalesce(speaker_name, speaker_label) in (from names) or speaker_id in (from people);

create or replace macro search(query, speaker := null, podcast := null, since := null, most := 20) as table
with terms as materialized (
    from search_terms(query)
), texts as (
    select t.transcript_id, t.rowid as text_index
    from transcripts t
    left join episodes e using (episode_id)
    left join podcasts p using (podcast_id)
    where t.is_best
        and (podcast is null or contains(plain(p.title), plain(podcast)))
        and (since is null or e.published_at >= since::varchar::timestamptz)
), spoken as (
    select text_index, turn_index from spoken_by(speaker) join texts using (transcript_id) where speaker is not null
), chosen as materialized (
    -- Rows are found by one column and then read by their place: that takes a third of the time.
    select w.part_index, w.place, w.places, w.weight, x.text_index, s.rowid as row_number
    from search_index s
    join terms w using (word)
    join texts x using (transcript_id)
    where s.word in (select word from terms)
), lists as materialized (
    select c.* exclude (row_number), forms, s.places as all_places
    from search_index s
    join chosen c on c.row_number = s.rowid
    join (select part_index, text_index, count(*) as forms from chosen group by all) using (part_index, text_index)
), rarest_words as (
    select part_index, arg_min(place, said) as place
    from (select part_index, place, sum(len(all_places)) as said from lists where places > 1 group by all)
    group by part_index
), starts as (
    -- Where a phrase may begin: its rarest word is said, so the places of "the" are compared and not grouped.
    select part_index, text_index, unnest(all_places) // 16 - place as start
    from lists join rarest_words using (part_index, place)
), phrases as (
    -- The words of a phrase follow each other.
    select part_index, text_index, min(packed) as packed, min(weight) as weight
    from (
        select part_index, place, places, weight, text_index, unnest(all_places) as packed from lists where places > 1
    )
    where (part_index, text_index, packed // 16 - place) in (from starts)
    group by part_index, text_index, packed // 16 - place having count(distinct place) = any_value(places)
), hits as (
    select
        part_index, text_index, unnest(all_places) as packed, weight,
        -- Whether it is the first place in its turn; NULL where a transcript has several forms of the word.
        case when forms = 1 then unnest(list_prepend(-1, array_pop_back(all_places))) >> 20 < packed >> 20 end as is_first
    from lists where places = 1
    union all
    select part_index, text_index, packed, weight, null from phrases
), occurrences as materialized (
    -- One number names a turn: 4294967296 × text_index + turn_index.
    select part_index, 4294967296 * text_index + (packed >> 20) as turn, weight, packed, is_first
    from hits
    where speaker is null or (text_index, packed // 1048576) in (from spoken)
), spread as materialized (
    select
        *, row_number() over (order by is_quoted desc, df, part_index) as number, count(*) over () as of_parts,
        ln(1 + (n - df + 0.5e0) / (df + 0.5e0)) * 2.2e0 as idf
    from (
        select part_index, sum(df)::bigint as df, any_value(is_quoted) as is_quoted
        from (
            select part_index, count(*) as df from occurrences where is_first group by all
            union all
            select part_index, count(*) from (select distinct part_index, turn from occurrences where is_first is null)
            group by all
        )
        join (select distinct part_index, is_quoted from terms) using (part_index)
        group by part_index
    ), (select sum(turns) as n, sum(words) / sum(turns) as mean_words from derived_talk)
), rarest as (
    select distinct turn from occurrences
    where part_index = (select part_index from spread where number = 1 and of_parts > 1)
), of_rarest as materialized (
    select part_index, turn, sum(weight) as tf, min(packed) as first
    from occurrences where turn in (from rarest)
    group by all
), first_best as (
    select max(parts) as most_parts, case when count(*) = most then min(score) end as worst
    from (
        select
            count(*) as parts,
            sum(idf * tf
                / (tf + 1.2e0 * (0.25e0 + 0.75e0 * pow(2, (first & 15) + 0.5e0) / greatest(mean_words, 1)))) as score
        from of_rarest join spread using (part_index)
        group by turn
        qualify parts = max(parts) over ()
        order by score desc
        limit greatest(most, 0)
    )
), others as (
    -- Of turns with the most parts, say m of p, each has one of the p - m + 1 rarest; and m is at least what a turn
    -- with the rarest has. Where parts are quoted, all turns have these. No turn reaches the sum of idf of its parts.
    select distinct turn
    from occurrences
    where turn not in (from rarest) and part_index in (
        select part_index from spread, first_best
        where number > 1 and number <= of_parts - most_parts + 1
            and not (select bool_or(is_quoted) from spread)
            and not coalesce(
                most_parts = of_parts - 1 and worst > (select sum(idf) + 1e-8 from spread where number > 1), false
            )
    )
), found as (
    from of_rarest
    union all
    select part_index, turn, sum(weight) as tf, min(packed) as first
    from occurrences
    where (select count(*) from spread) = 1 or turn in (from others)
    group by all
), scored as (
    select
        turn,
        -- Rounded, so that in whatever order it is added up equal turns are equal.
        round(sum(idf * tf
            / (tf + 1.2e0 * (0.25e0 + 0.75e0 * pow(2, (first & 15) + 0.5e0) / greatest(mean_words, 1)))), 9) as score,
        count(*) as parts,
        count_if(is_quoted) as parts_quoted,
        min(first) as first
    from found join spread using (part_index)
    group by turn
), best as (
    select turn >> 32 as text_index, turn & 4294967295 as turn_index, score, first // 16 % 65536 as place
    from scored
    where parts_quoted = (select count(distinct part_index) filter (where is_quoted) from terms)
    qualify parts = max(parts) over ()
    order by score desc, turn
    limit case when most >= 0 then most else error('most is how many turns to find: 0 or more') end
), shown as materialized (
    select t.rowid as row_number, f.score, f.place, w.words
    from best f
    cross join (select list(distinct word) as words from terms) w
    join texts x using (text_index)
    join turns t on t.transcript_id = x.transcript_id and t.turn_index = f.turn_index
), cut as (
    -- The words of each turn, with what stands between them.
    select
        t.*, f.score, f.place, f.words,
        regexp_extract_all(t.text, word_pattern() || '|[^\p{L}\p{M}\p{N}]+') as pieces,
        regexp_extract_all(t.text, '[^\p{L}\p{M}\p{N}]+') as between
    from turns t join shown f on f.row_number = t.rowid
), bounded as (
    select
        *, greatest(hit - 24, 1) as first_piece, least(hit + 48, len(pieces)) as last_piece
    from (
        select
            *,
            coalesce(list_filter(
                range(1, len(pieces) + 1), lambda i: not list_contains(between, pieces[i])
            )[place + 1], 1) as hit
        from cut
    )
)
select
    round(t.score, 3) as score,
    p.title as podcast, e.title, e.published_at, coalesce(t.speaker_name, t.speaker_label) as speaker, t.start_time,
    case when first_piece > 1 then '…' else '' end
        || replace(array_to_string(list_transform(
            pieces[first_piece:last_piece],
            lambda piece: case when list_contains(words, lower(nfc_normalize(piece))) then '*' || piece || '*'
                else piece end
        ), ''), '**', '')
        || case when last_piece < len(pieces) then '…' else '' end as snippet,
    t.text,
    audio_link(e.audio_url, e.audio_path, e.page_url, t.start_time) as link,
    t.episode_id, t.transcript_id, t.turn_index
from bounded t
left join episodes e on e.episode_id = t.episode_id
left join podcasts p on p.podcast_id = e.podcast_id
order by t.score desc, e.published_at desc nulls last, t.transcript_id, t.turn_index;

-- The turns that say most of the passages whose vectors are nearest to one: as they come, all are compared.
create or replace macro nearest(wanted, speaker := null, podcast := null, since := null, most := 20) as table
with texts as (
    select t.transcript_id
    from transcripts t
    left join episodes e using (episode_id)
    left join podcasts p using (podcast_id)
    where t.is_best
        and (podcast is null or contains(plain(p.title), plain(podcast)))
        and (since is null or e.published_at >= since::varchar::timestamptz)
), near as (
    select
        transcript_id, turn_index, passage_index,
        array_inner_product(vector::float[384], wanted::float[384]) / 160000 as score
    from passages
    where transcript_id in (from texts)
        and (speaker is null or (transcript_id, turn_index) in (from spoken_by(speaker)))
), best as (
    -- Of a long turn the passage that is nearest.
    select transcript_id, turn_index, max(score) as score, arg_max(passage_index, score) as passage_index
    from (from near order by score desc, transcript_id, passage_index limit 4 * most)
    group by all
    order by score desc, transcript_id, turn_index
    limit most
), shown as materialized (
    select t.rowid as row_number, b.score, b.passage_index from best b join turns t using (transcript_id, turn_index)
)
select
    round(f.score, 3) as score,
    p.title as podcast, e.title, e.published_at, coalesce(t.speaker_name, t.speaker_label) as speaker, t.start_time,
    t.text,
    audio_link(e.audio_url, e.audio_path, e.page_url, t.start_time) as link,
    t.episode_id, t.transcript_id, t.turn_index, f.passage_index
from turns t
join shown f on f.row_number = t.rowid
left join episodes e on e.episode_id = t.episode_id
left join podcasts p on p.podcast_id = e.podcast_id
order by f.score desc, t.transcript_id, t.turn_index;

-- Every turn in which a term is said: its words in a row, whatever case and accents; the last may end with *.
create or replace macro mentions(phrase) as table
with terms as materialized (
    from search_terms('"' || replace(phrase, '"', ' ') || '"')
), chosen as materialized (
    select w.place, w.places, s.transcript_id, s.rowid as row_number
    from search_index s
    join terms w using (word)
    join transcripts x on x.transcript_id = s.transcript_id and x.is_best
    where s.word in (select word from terms)
), lists as materialized (
    select c.* exclude (row_number), s.places as all_places from search_index s join chosen c on c.row_number = s.rowid
), starts as (
    -- As in search(): the rarest word says where the phrase may begin.
    select transcript_id, unnest(all_places) // 16 - place as start
    from lists
    where place = (select arg_min(place, said) from (select place, sum(len(all_places)) as said from lists group by all))
), said as (
    select transcript_id, min(packed) as packed
    from (select place, places, transcript_id, unnest(all_places) as packed from lists)
    where (transcript_id, packed // 16 - place) in (from starts)
    group by transcript_id, packed // 16 - place having count(distinct place) = any_value(places)
), counted as (
    select transcript_id, packed // 1048576 as turn_index, count(*) as mentions from said group by all
), shown as materialized (
    select t.rowid as row_number, mentions from counted join turns t using (transcript_id, turn_index)
)
select
    p.title as podcast, e.title, e.published_at, coalesce(t.speaker_name, t.speaker_label) as speaker, t.start_time,
    f.mentions, t.text,
    audio_link(e.audio_url, e.audio_path, e.page_url, t.start_time) as link,
    p.podcast_id, t.episode_id, t.transcript_id, t.turn_index
from turns t
join shown f on f.row_number = t.rowid
left join episodes e on e.episode_id = t.episode_id
left join podcasts p on p.podcast_id = e.podcast_id;

create or replace macro first_mentions(phrase) as table
select podcast, title, published_at, speaker, start_time, text, link, episode_id, transcript_id, turn_index
from mentions(phrase)
qualify row_number() over (partition by podcast_id, speaker order by published_at, episode_id, turn_index) = 1
order by published_at nulls last, episode_id, turn_index;

create or replace macro keyword_timeline(phrase) as table
with months as (
    select
        podcast_id, date_trunc('month', published_at at time zone 'UTC')::date as month,
        count(*) as of_episodes
    from transcripts join episodes using (episode_id)
    where is_best
    group by all
), said as (
    select
        podcast_id, date_trunc('month', published_at at time zone 'UTC')::date as month,
        count(distinct episode_id) as episodes, sum(mentions)::bigint as mentions
    from mentions(phrase) group by all
)
select
    m.month, p.title as podcast,
    coalesce(s.mentions, 0) as mentions, coalesce(s.episodes, 0) as episodes, m.of_episodes
from months m
left join said s on s.podcast_id is not distinct from m.podcast_id and s.month is not distinct from m.month
left join podcasts p on p.podcast_id = m.podcast_id
order by m.month nulls last, podcast;

comment on macro words_of is 'The words of a text in small letters; where spaces do not set words apart (Chinese, Japanese, Thai …) and in Korean, its letters';
comment on macro word_pattern is 'The regular expression of a word';
comment on macro folded is 'A word without its accents; marks of scripts where they are letters stay';
comment on macro audio_link is 'A link that opens the audio at a time, or the video on YouTube; NULL where nobody offers it';
comment on macro table search_terms is 'Which words of the transcripts each word of a query stands for, and how well (1: as it is, 0.9: another form, 0.5: misspelt)';
comment on macro table spoken_by is 'The turns of whoever a name means, or a part of it, in all transcripts';
comment on macro table search is 'The turns that a query finds, best first (BM25): "a phrase", begin*, words in all their forms; by speaker, podcast and since when, 20 at most where most says nothing else';
comment on macro table nearest is 'The turns whose passages are nearest to a vector as passages.vector has them, the nearest first; by speaker, podcast and since when, as search()';
comment on macro table mentions is 'Every turn in which a term is said, and how often: its words in a row, without case and accents, the last one with * if you like';
comment on macro table first_mentions is 'Where each speaker of each show says a term for the first time, the earliest first';
comment on macro table keyword_timeline is 'How often a term is said, and in how many of the episodes, by month and show; months of unknown dates come last';
