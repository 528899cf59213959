DROP TABLE passive_row;
DROP TABLE passive_batch;
DROP TABLE outgoing_mail;
DROP TABLE measure_snapshot;
DROP TABLE saved_list;
DROP TABLE follow_mark;
