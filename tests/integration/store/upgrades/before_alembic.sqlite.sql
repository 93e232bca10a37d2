-- A database of version 0.1.0 before Alembic, as that program made and filled it: never change it.
CREATE TABLE o_task_run_1 (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	mobile VARCHAR(16), 
	contact VARCHAR(20), 
	remark VARCHAR(255), 
	address VARCHAR(255), 
	call_status INTEGER DEFAULT '0', 
	call_time DATETIME, 
	call_billsec INTEGER DEFAULT '0', 
	call_uniqueid VARCHAR(20), 
	tab_status INTEGER, 
	customer_id INTEGER, 
	extension INTEGER, 
	author INTEGER, 
	action_id VARCHAR(20), 
	date_from_type CHAR(12), 
	date_from_code VARCHAR(32), 
	addtime TIMESTAMP DEFAULT (datetime('now', 'localtime')), 
	del INTEGER DEFAULT '0', 
	task_id INTEGER DEFAULT '1'
);
INSERT INTO "o_task_run_1" VALUES(1,'13800000001',NULL,NULL,NULL,1,'2026-03-04 12:00:00',21,'1700000000.1',NULL,NULL,801,NULL,'1700000000.1','csv','1','2026-11-27 18:32:38',0,1);
INSERT INTO "o_task_run_1" VALUES(2,'13800000002',NULL,NULL,NULL,3,'2026-03-04 12:00:00',0,'1700000000.2',NULL,NULL,NULL,NULL,'1700000000.2','csv','2','2026-11-27 18:32:38',0,1);
INSERT INTO "o_task_run_1" VALUES(3,'13800000003',NULL,NULL,NULL,3,'2026-03-04 12:00:00',0,'1700000000.3',NULL,NULL,NULL,NULL,'1700000000.3','csv','3','2026-11-27 18:32:38',0,1);
INSERT INTO "o_task_run_1" VALUES(4,'13800000004',NULL,NULL,NULL,4,'2026-03-04 12:00:00',0,'1700000000.4',NULL,NULL,NULL,NULL,'1700000000.4','csv','4','2026-11-27 18:32:38',0,1);
INSERT INTO "o_task_run_1" VALUES(5,'13800000005',NULL,NULL,NULL,0,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,'csv','5','2026-11-27 18:32:38',0,1);
INSERT INTO "o_task_run_1" VALUES(6,'13800000006',NULL,NULL,NULL,0,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,'csv','6','2026-11-27 18:32:38',0,1);
CREATE TABLE o_uncall_task (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	task_name VARCHAR(50), 
	task_type VARCHAR(50), 
	create_time TIMESTAMP DEFAULT (datetime('now', 'localtime')), 
	create_users VARCHAR(50), 
	task_out_line VARCHAR(50), 
	task_queue VARCHAR(50), 
	task_status VARCHAR(10) COLLATE "NOCASE" DEFAULT '' NOT NULL, 
	call_max INTEGER DEFAULT '1' NOT NULL, 
	task_mark TEXT, 
	task_day_start VARCHAR(255) DEFAULT '09:00', 
	task_day_end VARCHAR(255) DEFAULT '18:00', 
	task_run_id VARCHAR(50), 
	task_num INTEGER DEFAULT '0', 
	task_undistribute INTEGER DEFAULT '0', 
	task_called INTEGER DEFAULT '0', 
	task_success INTEGER DEFAULT '0', 
	task_visit INTEGER DEFAULT '0', 
	task_fail INTEGER DEFAULT '0', 
	context VARCHAR(50) DEFAULT 'ext-did', 
	task_cortrol_type VARCHAR(10) DEFAULT 'g', 
	task_override FLOAT DEFAULT '1.00', 
	task_loss_ceiling VARCHAR(10) DEFAULT '0', 
	queue_name VARCHAR(25) DEFAULT '0', 
	task_callerid VARCHAR(20), 
	is_run INTEGER DEFAULT '0', 
	recording_files VARCHAR(255) DEFAULT '0'
);
INSERT INTO "o_uncall_task" VALUES(1,'spring 春季','ivr','2026-11-27 18:32:38','801','sip/test/','127000','run',10,NULL,'09:00','18:00','o_task_run_1',6,0,3,1,0,2,'ext-did','g',1.0,'0','0','0',1,'0');
CREATE TABLE uncall_call (
	uid VARCHAR(20) NOT NULL, 
	task_id INTEGER NOT NULL, 
	number_id INTEGER NOT NULL, 
	number VARCHAR(32) NOT NULL, 
	trunk VARCHAR(50) NOT NULL, 
	attempt INTEGER NOT NULL, 
	claimed_at DATETIME NOT NULL, 
	answered_at DATETIME, 
	ended_at DATETIME, 
	outcome INTEGER, 
	cause VARCHAR(32) DEFAULT '' NOT NULL, 
	q850 INTEGER DEFAULT '0' NOT NULL, 
	sip INTEGER DEFAULT '0' NOT NULL, 
	billsec INTEGER DEFAULT '0' NOT NULL, 
	extension VARCHAR(32) DEFAULT '' NOT NULL, 
	digits VARCHAR(64) DEFAULT '' NOT NULL, 
	amd VARCHAR(32) DEFAULT '' NOT NULL, 
	PRIMARY KEY (uid)
);
INSERT INTO "uncall_call" VALUES('1700000000.1',1,1,'13800000001','sip/test/',1,'2026-03-04 04:00:00.000','2026-03-04 04:00:09.000','2026-03-04 04:00:30.000',1,'answered',16,200,21,'801','12#','HUMAN');
INSERT INTO "uncall_call" VALUES('1700000000.2',1,2,'13800000002','sip/test/',1,'2026-03-04 04:00:00.000',NULL,'2026-03-04 04:00:30.000',3,'busy',17,486,0,'','','');
INSERT INTO "uncall_call" VALUES('1700000000.3',1,3,'13800000003','sip/test/',1,'2026-03-04 04:00:00.000',NULL,'2026-03-04 04:00:30.000',3,'no-answer',19,0,0,'','','');
INSERT INTO "uncall_call" VALUES('1700000000.4',1,4,'13800000004','sip/test/',1,'2026-03-04 04:00:00.000',NULL,NULL,NULL,'',0,0,0,'','','');
CREATE TABLE uncall_dnc (
	number VARCHAR(32) NOT NULL, 
	reason VARCHAR(255) DEFAULT '' NOT NULL, 
	added_at DATETIME NOT NULL, 
	PRIMARY KEY (number)
);
INSERT INTO "uncall_dnc" VALUES('13800000009','asked us to','2026-11-27 10:32:38.433');
CREATE TABLE uncall_retry (
	task_id INTEGER NOT NULL, 
	number_id INTEGER NOT NULL, 
	uid VARCHAR(20) NOT NULL, 
	attempts INTEGER NOT NULL, 
	due_at DATETIME NOT NULL, 
	PRIMARY KEY (task_id, number_id)
);
INSERT INTO "uncall_retry" VALUES(1,2,'1700000000.2',1,'2026-03-04 04:30:30.000');
CREATE TABLE uncall_schema (
	version INTEGER NOT NULL, 
	PRIMARY KEY (version)
);
INSERT INTO "uncall_schema" VALUES(1);
CREATE TABLE uncall_start (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	started_at DATETIME NOT NULL, 
	node VARCHAR(64) DEFAULT '' NOT NULL
);
INSERT INTO "uncall_start" VALUES(1,'2026-11-27 10:32:38.405','old-host');
CREATE INDEX uncall_call_number ON uncall_call (task_id, number_id);
CREATE INDEX uncall_call_ended ON uncall_call (ended_at);
CREATE INDEX uncall_retry_due ON uncall_retry (task_id, due_at);
CREATE INDEX o_task_run_1_mobile ON o_task_run_1 (mobile);
CREATE INDEX o_task_run_1_extension ON o_task_run_1 (extension);
CREATE INDEX o_task_run_1_call_status ON o_task_run_1 (call_status);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('uncall_start',1);
INSERT INTO "sqlite_sequence" VALUES('o_uncall_task',1);
INSERT INTO "sqlite_sequence" VALUES('o_task_run_1',6);
