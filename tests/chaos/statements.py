"""Hostile statements: those that reach for what is not theirs, and those that want more than there is.

`{file}` is a file with a secret, in `{folder}`; `{new}` is a name beside it that is free; `{snapshot}` is what is
asked; `{url}` and `{port}` are of a server that counts who comes.
"""

READERS = """
read_text read_blob read_csv read_csv_auto read_json read_json_auto read_json_objects read_ndjson
read_ndjson_objects read_parquet parquet_scan parquet_metadata parquet_schema parquet_file_metadata
parquet_kv_metadata sniff_csv glob read_duckdb
""".split()
PLACES = ("{file}", "{folder}/*", "{snapshot}", "/proc/self/environ", "{url}/x.csv")

REACHING = """
from '{file}'
from '{url}/x.parquet'
from '{snapshot}'
from "{file}"
select * from '{folder}/*.csv'
describe from read_csv('{file}')
summarize from '{file}'
explain analyze from read_text('{file}')
explain from read_csv('{file}')
pivot (from read_csv('{file}')) on 1 using count(*)
with c as (from read_text('{file}')) from c
select (select content from read_text('{file}'))
select * from range(1), lateral (from read_text('{file}'))
from query('from read_text(''{file}'')')
from query_table('{file}')
from query_table(['turns', '{file}'])
from json_execute_serialized_sql(json_serialize_sql('from read_text(''{file}'')'))
pragma json_execute_serialized_sql('x')
from read_csv('file://{file}')
from read_text(['{file}', '{file}'])
from read_text('{folder}/../*/*')
from read_text('/dev/stdin')
from read_text('/dev/fd/0')
from read_text('/proc/self/fd/0')
from read_text('/proc/self/cmdline')
from read_text('{snapshot}.wal')
from glob('/proc/self/fd/*')
from glob('**')
from read_csv('s3://bucket/x.csv')
from read_parquet('hf://datasets/x/y.parquet')
from read_parquet('gcs://bucket/x.parquet')
from read_csv('ftp://127.0.0.1:{port}/x')
from iceberg_scan('{folder}')
from delta_scan('{folder}')
from sqlite_scan('{file}', 'x')
from postgres_scan('host=127.0.0.1 port={port}', 'public', 'x')
from mysql_scan('host=127.0.0.1 port={port}', 'x', 'y')
from st_read('{file}')
from read_xlsx('{file}')
select http_get('{url}')
from duckdb_secrets()
from which_secret('s3://x', 's3')
from duckdb_extensions()
from duckdb_logs
from duckdb_log_contexts
from duckdb_temporary_files()
from duckdb_external_file_cache()
select getenv('CANARY')
select current_setting('CANARY')
select getvariable('CANARY')
from pragma_database_size()
from pragma_storage_info('turns')
from SECRET
from environ
from snapshot
from request
from sys
from pg_read_file('{file}')
copy turns to '{new}.csv'
copy (select 1) to '{new}.parquet' (format parquet)
copy (select 1) to '{new}' (format json, partition_by (a))
copy (select 1) to '{snapshot}.wal'
copy (select 1) to '{snapshot}.tmp/x'
copy (select 1) to '/dev/stdout'
copy (select 1) to '{url}/x'
copy turns from '{file}'
copy from database turntable to memory
export database '{new}'
import database '{folder}'
attach '{new}.duckdb'
attach '{file}' as other
attach '{snapshot}' as again
attach '{snapshot}' as again (read_write)
attach ':memory:' as other
attach 'host=127.0.0.1 port={port}' as p (type postgres)
attach '{url}/x.duckdb' as remote
detach turntable
use memory
create table t (a int)
create temp table t as select 1
create or replace temp view v as from read_text('{file}')
create schema s
create sequence q
create type mood as enum ('a')
create macro m(x) as table from read_text(x)
create or replace temp macro plain(x) as 'stolen'
create function f(x) as x
create index i on turns (text)
create secret s (type s3, key_id 'x')
create persistent secret s (type http, bearer_token 'x')
drop secret s
insert into turns select * from turns
insert into turns by name select 'x' as text
with w as (insert into turns from turns returning *) from w
with w as (delete from turns returning *) from w
with w as (update turns set text = 'x' returning *) from w
with w as (copy turns to '{new}.csv') from w
from (delete from turns returning *)
update turns set text = ''
delete from turns
truncate turns
merge into turns using (select 1) on false when not matched then insert default values
alter table turns rename to stolen
alter database turntable set alias to stolen
drop table turns
drop view best_turns
comment on table turns is 'stolen'
explain analyze copy (select 1) to '{new}.csv'
explain analyze copy (select 1) to '{snapshot}.tmp/x'
explain analyze insert into turns from turns
explain analyze create table t as select 1
explain analyze attach '{new}.duckdb'
explain analyze export database '{new}'
explain (analyze) copy (select 1) to '{new}.csv'
explain /* */ analyze /* */ copy (select 1) to '{new}.csv'
explain explain analyze copy (select 1) to '{new}.csv'
set enable_external_access = true
set global disabled_filesystems = ''
set disabled_filesystems to ''
set lock_configuration = false
set memory_limit = '100GB'
set temp_directory = '{new}'
set allowed_directories = ['/']
set allowed_paths = ['{file}']
set allowed_configs = ['enable_external_access']
set secret_directory = '{new}'
set extension_directory = '{new}'
set log_query_path = '{new}'
set profile_output = '{new}'
set enable_profiling = 'json'
set http_proxy = '127.0.0.1:{port}'
set custom_extension_repository = '{url}'
set python_enable_replacements = true
set python_scan_all_frames = true
set threads = 512
set variable x = (select content from read_text('{file}'))
set session timezone = 'x'
reset all
reset lock_configuration
reset disabled_filesystems
pragma memory_limit = '100GB'
pragma enable_profiling
pragma profiling_output = '{new}'
pragma log_query_path = '{new}'
pragma enable_logging
pragma database_list
pragma import_database('{folder}')
pragma force_checkpoint
pragma verify_external
call enable_logging(storage = 'file', storage_path = '{new}')
call enable_profiling()
call force_checkpoint()
call pragma_database_list()
call dsdgen(sf = 1)
call load_aws_credentials()
install httpfs
force install httpfs
install httpfs from '{url}'
install '{file}'
load httpfs
load '{file}'
load '{folder}/x.duckdb_extension'
update extensions
checkpoint
force checkpoint
vacuum
vacuum analyze
analyze
begin
begin transaction read write
commit
rollback
prepare p as from read_text('{file}')
execute p
execute immediate 'select 1'
deallocate p
select 1; copy (select 1) to '{new}.csv'
select 1;;; from read_text('{file}')
select 1; -- x
; select 1; attach '{new}.duckdb'
select 1) to '{new}.csv'; (select 1
select 1 /* ; */ ; copy (select 1) to '{new}.csv'
select 1 -- \r copy
select $$ ; $$; copy (select 1) to '{new}.csv'
select 1；copy (select 1) to '{new}.csv'
select\u00a01;\u2028copy (select 1) to '{new}.csv'
\ufeffcopy (select 1) to '{new}.csv'
ｃopy (select 1) to '{new}.csv'
co\u200bpy (select 1) to '{new}.csv'
CoPy/**/(select 1)/**/tO/**/'{new}.csv'
from (copy (select 1) to '{new}.csv')
table '{file}'
show tables from '{file}'
describe '{file}'
select * replace (content as x) from read_text('{file}')
unpivot (from read_text('{file}')) on content
from turns tablesample reservoir (1 rows) union all by name from read_text('{file}')
select write_log('stolen', level := 'error')
select nextval('q')
select setseed(0.5); attach '{new}.duckdb'
select * into t from turns
""".strip().split("\n")

HOGS = (
    "select sum(sin(a.range + b.range)) from range(10000000) a, range(10000000) b",
    "select count(*) from turns a, turns b, range(100000000) c, range(1000000) d where sqrt(c.range) > d.range",
    "with recursive r(n) as (select 1 union all select n + 1 from r) select max(n) from r",
    "with recursive r(n) as (select 1 union all select n + 1 from r) from r",
    "with recursive r(s) as (select 'x' union all select s || s from r) select max(length(s)) from r",
    "with recursive r(l) as (select [1] union all select l || l from r) select max(len(l)) from r",
    "with recursive r(n) as (select 1 union select (n * 7919 + 1) % 1000000007 from r) select count(*) from r",
    "select repeat('x', 2000000000)",
    "select length(repeat('x', 2000000000))",
    "select repeat('x', 2000000000) from range(100)",
    "select repeat(repeat('x', 100000), 100000)",
    "select repeat([1], 2000000000)",
    "select list_resize([1], 2000000000)",
    "select lpad('x', 2000000000, 'y')",
    "select format('{:>2000000000}', 'x')",
    "select printf('%2000000000d', 1)",
    "select bar(1, 0, 1, 1000000000)",
    "select replace(repeat('x', 100000000), 'x', repeat('y', 100))",
    "select string_split(repeat('a,', 100000000), ',')",
    "select regexp_replace(repeat('a', 100000000), '(a*)*b', '')",
    "select regexp_extract_all(repeat('a', 100000000), '(a+)+')",
    "select regexp_matches(repeat('a', 50000000), '((a{0,100}){0,100}){0,100}b')",
    "select repeat('x', 1000000000) similar to '(x+x+)+y'",
    "select levenshtein(repeat('a', 100000), repeat('b', 100000))",
    "select damerau_levenshtein(repeat('a', 50000), repeat('b', 50000))",
    "select jaro_winkler_similarity(repeat('a', 1000000), repeat('b', 1000000))",
    "select md5(repeat('x', 1000000000))",
    "select reverse(repeat('ä', 1000000000))",
    "select to_base64(repeat('x', 1000000000)::blob)",
    "select unnest(range(10000000000))",
    "select list(range) from range(100000000000)",
    "select string_agg(range) from range(100000000000)",
    "select histogram(range) from range(100000000000)",
    "select map_from_entries(list((range, range))) from range(100000000000)",
    "select json_group_array(range) from range(100000000000)",
    "select median(range), mode(range) from range(100000000000)",
    "select approx_quantile(range, 0.5) from range(100000000000)",
    "select count(distinct range) from range(100000000000)",
    "select count(*) from (select distinct range || 'x' from range(100000000000))",
    "select range, count(*) from range(100000000000) group by all",
    "select max(r) from (select row_number() over (order by hash(range)) r from range(100000000000))",
    "select sum(range) over (order by range rows unbounded preceding) from range(100000000000)",
    "from range(100000000000) order by hash(range)",
    "from range(100000000000) order by hash(range) limit 1",
    "from range(100000000000)",
    "select range, repeat('x', 10000) from range(100000000000)",
    "select range, repeat('x', 100000000) from range(99999)",
    "select * from range(100000000000), turns",
    "from generate_series(1, 100000000000)",
    "from repeat(1, 100000000000)",
    "from repeat_row(1, 2, 3, num_rows = 100000000000)",
    "select a.range from range(1000000000) a join range(1000000000) b on a.range = b.range order by hash(a.range)",
    "select a.range from range(10000000) a join range(10000000) b on a.range % 2 = b.range % 2 order by 1 desc",
    "select * from range(10000000) a asof join range(10000000) b on a.range >= b.range order by hash(a.range)",
    "pivot (select range from range(90000)) on range using count(*)",
    "pivot (select range from range(100000000)) on range using count(*)",
    "summarize from range(100000000000)",
    "explain analyze select count(*) from range(100000000000) where sin(range) > 2",
    "describe pivot (select range from range(100000000)) on range using count(*)",
    "select list_sum(list_transform(range(100000000), lambda x: sin(x)))",
    "select list_reduce(range(100000000), lambda x, y: x + sin(y))",
    "select list_sort(range(1000000000)) from range(100)",
    "select [[x + y for y in range(100000)] for x in range(100000)]",
    "select product(range::bignum) from range(1, 1000000)",
    "select 2::bignum ** 1000000000",
    "select sum(factorial(30)) from range(100000000000)",
    "select array_cosine_similarity(range(100000)::float[100000], range(100000)::float[100000]) from range(9999)",
    "select count(*) from range(100000000000) using sample reservoir (1000000000 rows)",
    "select gen_random_uuid() from range(100000000000)",
    "select " + "(" * 100_000 + "1" + ")" * 100_000,
    "select " + "1 + " * 100_000 + "1",
    "select " + "not " * 100_000 + "true",
    "select " + "[" * 20_000 + "]" * 20_000,
    "select 1" + " union all select 1" * 20_000,
    "select " + "case when true then " * 5_000 + "1" + " end" * 5_000,
    "select " + ", ".join(f"{n} as c{n}" for n in range(50_000)),
    "from turns where text in (" + ", ".join(f"'{n}'" for n in range(100_000)) + ")",
    "select '" + "x" * 5_000_000 + "'",
    "/*" * 50_000,
    "with " + ", ".join(f"c{n} as (select * from c{n - 1}, c{n - 1})" for n in range(1, 40)) + " from c39",
    "with c0 as (from range(1000)), "
    + ", ".join(f"c{n} as (select a.* from c{n - 1} a, c{n - 1} b)" for n in range(1, 12))
    + " select count(*) from c11 where range > random()",
)
