DROP VIEW abstract_deid_v;
DROP VIEW tumor_deid_v;
DROP VIEW patient_deid_v;
DROP VIEW abstract_v;
DROP VIEW tumor_v;
DROP VIEW patient_v;
