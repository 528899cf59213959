DROP TABLE break_glass;
DROP TABLE one_time_link;
DROP TABLE recovery_code;
DROP TABLE sign_in_failure;
DROP TABLE session;
DROP TABLE user_facility;
DROP TABLE user_role;
DROP TABLE user_;
