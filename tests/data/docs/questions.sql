from talk_time
