DROP TABLE open_time;
DROP TABLE waiting;
