DROP TABLE passive_row;
DROP TABLE passive_batch;
DROP TABLE measure_snapshot;
DROP TABLE follow_mark;
