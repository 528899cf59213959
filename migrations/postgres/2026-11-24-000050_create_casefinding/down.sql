DROP TABLE suspense_event;
DROP TABLE suspense_source;
DROP TABLE suspense;
