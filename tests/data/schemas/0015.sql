insert into passages
select
    t.transcript_id, t.turn_index, t.turn_index, l.text_md5, 'multilingual-e5-small-q4-1',
    list_resize([127::tinyint], 384, 0::tinyint)::tinyint[384]
from turns t join load_log l using (transcript_id)
where t.transcript_id = 'vtt';
