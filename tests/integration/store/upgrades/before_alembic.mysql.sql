-- A database of version 0.1.0 before Alembic, as that program made and filled it: never change it.
SET time_zone = '+00:00';
CREATE TABLE `o_task_run_1` (
  `id` int(10) NOT NULL AUTO_INCREMENT,
  `mobile` varchar(16) DEFAULT NULL COMMENT '手机',
  `contact` varchar(20) DEFAULT NULL COMMENT '联系人',
  `remark` varchar(255) DEFAULT NULL COMMENT '备注',
  `address` varchar(255) DEFAULT NULL COMMENT '地址',
  `call_status` int(2) DEFAULT 0 COMMENT '0 未呼叫、1 呼叫成功、2 待回访、3 呼叫失败、4 呼叫中、5忽略',
  `call_time` datetime DEFAULT NULL COMMENT '呼叫时间',
  `call_billsec` int(3) DEFAULT 0 COMMENT '通话时长',
  `call_uniqueid` varchar(20) DEFAULT NULL COMMENT '呼叫标识',
  `tab_status` int(2) DEFAULT NULL COMMENT '手工标记任务状态',
  `customer_id` int(10) DEFAULT NULL COMMENT '客户资料 ID',
  `extension` int(10) DEFAULT NULL COMMENT '所属坐席 (接听人)',
  `author` int(10) DEFAULT NULL COMMENT '记录所属(预览式外呼点击外呼使用)',
  `action_id` varchar(20) DEFAULT NULL COMMENT 'Originate标识',
  `date_from_type` char(12) DEFAULT NULL COMMENT '数据来源分类 1、client_file 2、callrecode 3、missed_calls 4、csv',
  `date_from_code` varchar(32) DEFAULT NULL COMMENT '数据来源编号 csv 记录行号,客户资料记录id, 通话记录记录 uniqueid',
  `addtime` timestamp NULL DEFAULT current_timestamp(),
  `del` int(1) DEFAULT 0 COMMENT '0 不删除 1 删除',
  `task_id` int(11) DEFAULT 1 COMMENT 'uncall_task id',
  PRIMARY KEY (`id`),
  KEY `call_status` (`call_status`),
  KEY `extension` (`extension`),
  KEY `mobile` (`mobile`)
) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4;
INSERT INTO o_task_run_1 (`id`, `mobile`, `contact`, `remark`, `address`, `call_status`, `call_time`, `call_billsec`, `call_uniqueid`, `tab_status`, `customer_id`, `extension`, `author`, `action_id`, `date_from_type`, `date_from_code`, `addtime`, `del`, `task_id`) VALUES (1, '13800000001', NULL, NULL, NULL, 1, '2026-03-04 12:00:00', 21, '1700000000.1', NULL, NULL, 801, NULL, '1700000000.1', 'csv', '1', '2026-11-27 10:32:41', 0, 1);
INSERT INTO o_task_run_1 (`id`, `mobile`, `contact`, `remark`, `address`, `call_status`, `call_time`, `call_billsec`, `call_uniqueid`, `tab_status`, `customer_id`, `extension`, `author`, `action_id`, `date_from_type`, `date_from_code`, `addtime`, `del`, `task_id`) VALUES (2, '13800000002', NULL, NULL, NULL, 3, '2026-03-04 12:00:00', 0, '1700000000.2', NULL, NULL, NULL, NULL, '1700000000.2', 'csv', '2', '2026-11-27 10:32:41', 0, 1);
INSERT INTO o_task_run_1 (`id`, `mobile`, `contact`, `remark`, `address`, `call_status`, `call_time`, `call_billsec`, `call_uniqueid`, `tab_status`, `customer_id`, `extension`, `author`, `action_id`, `date_from_type`, `date_from_code`, `addtime`, `del`, `task_id`) VALUES (3, '13800000003', NULL, NULL, NULL, 3, '2026-03-04 12:00:00', 0, '1700000000.3', NULL, NULL, NULL, NULL, '1700000000.3', 'csv', '3', '2026-11-27 10:32:41', 0, 1);
INSERT INTO o_task_run_1 (`id`, `mobile`, `contact`, `remark`, `address`, `call_status`, `call_time`, `call_billsec`, `call_uniqueid`, `tab_status`, `customer_id`, `extension`, `author`, `action_id`, `date_from_type`, `date_from_code`, `addtime`, `del`, `task_id`) VALUES (4, '13800000004', NULL, NULL, NULL, 4, '2026-03-04 12:00:00', 0, '1700000000.4', NULL, NULL, NULL, NULL, '1700000000.4', 'csv', '4', '2026-11-27 10:32:41', 0, 1);
INSERT INTO o_task_run_1 (`id`, `mobile`, `contact`, `remark`, `address`, `call_status`, `call_time`, `call_billsec`, `call_uniqueid`, `tab_status`, `customer_id`, `extension`, `author`, `action_id`, `date_from_type`, `date_from_code`, `addtime`, `del`, `task_id`) VALUES (5, '13800000005', NULL, NULL, NULL, 0, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, 'csv', '5', '2026-11-27 10:32:41', 0, 1);
INSERT INTO o_task_run_1 (`id`, `mobile`, `contact`, `remark`, `address`, `call_status`, `call_time`, `call_billsec`, `call_uniqueid`, `tab_status`, `customer_id`, `extension`, `author`, `action_id`, `date_from_type`, `date_from_code`, `addtime`, `del`, `task_id`) VALUES (6, '13800000006', NULL, NULL, NULL, 0, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, 'csv', '6', '2026-11-27 10:32:41', 0, 1);
CREATE TABLE `o_uncall_task` (
  `id` int(10) NOT NULL AUTO_INCREMENT,
  `task_name` varchar(50) DEFAULT NULL COMMENT '任务名称',
  `task_type` varchar(50) DEFAULT NULL COMMENT '任务类型 click\\ivr\\queue',
  `create_time` timestamp NULL DEFAULT current_timestamp() COMMENT '创建时间',
  `create_users` varchar(50) DEFAULT NULL COMMENT '创建人',
  `task_out_line` varchar(50) DEFAULT NULL COMMENT '外线',
  `task_queue` varchar(50) DEFAULT NULL COMMENT '接听对象(队列)(asterisk.incoming extension)',
  `task_status` varchar(10) NOT NULL DEFAULT '' COMMENT '任务状态 run 、 stop 、 push 、finish',
  `call_max` int(3) NOT NULL DEFAULT 1 COMMENT '最大并发数',
  `task_mark` text DEFAULT NULL COMMENT '备注',
  `task_day_start` varchar(255) DEFAULT '09:00' COMMENT '每天开始时间',
  `task_day_end` varchar(255) DEFAULT '18:00' COMMENT '每天结束时间',
  `task_run_id` varchar(50) DEFAULT NULL COMMENT '子表',
  `task_num` int(6) DEFAULT 0 COMMENT '已分配任务数',
  `task_undistribute` int(11) DEFAULT 0 COMMENT '未分配数(适用于点击项目)',
  `task_called` int(6) DEFAULT 0 COMMENT '已呼叫数',
  `task_success` int(6) DEFAULT 0 COMMENT '呼叫成功',
  `task_visit` int(6) DEFAULT 0 COMMENT '回访数',
  `task_fail` int(6) DEFAULT 0 COMMENT '失败数',
  `context` varchar(50) DEFAULT 'ext-did' COMMENT 'context',
  `task_cortrol_type` varchar(10) DEFAULT 'g' COMMENT '控制方式(g普通),(i 智能),(ai 高级智能)',
  `task_override` float(10,2) DEFAULT 1.00 COMMENT '并发系数',
  `task_loss_ceiling` varchar(10) DEFAULT '0' COMMENT '呼损率上限',
  `queue_name` varchar(25) DEFAULT '0' COMMENT '队列名称',
  `task_callerid` varchar(20) DEFAULT NULL COMMENT '呼出主叫',
  `is_run` int(11) DEFAULT 0,
  `recording_files` varchar(255) DEFAULT '0' COMMENT '录音文件',
  PRIMARY KEY (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=2 DEFAULT CHARSET=utf8mb4;
INSERT INTO o_uncall_task (`id`, `task_name`, `task_type`, `create_time`, `create_users`, `task_out_line`, `task_queue`, `task_status`, `call_max`, `task_mark`, `task_day_start`, `task_day_end`, `task_run_id`, `task_num`, `task_undistribute`, `task_called`, `task_success`, `task_visit`, `task_fail`, `context`, `task_cortrol_type`, `task_override`, `task_loss_ceiling`, `queue_name`, `task_callerid`, `is_run`, `recording_files`) VALUES (1, 'spring 春季', 'ivr', '2026-11-27 10:32:41', '801', 'sip/test/', '127000', 'run', 10, NULL, '09:00', '18:00', 'o_task_run_1', 6, 0, 3, 1, 0, 2, 'ext-did', 'g', 1.0e0, '0', '0', '0', 1, '0');
CREATE TABLE `uncall_call` (
  `uid` varchar(20) NOT NULL COMMENT 'channel id of the attempt',
  `task_id` int(11) NOT NULL,
  `number_id` int(11) NOT NULL COMMENT 'id in o_task_run_<task_id>',
  `number` varchar(32) NOT NULL COMMENT 'as it stood in mobile',
  `trunk` varchar(50) NOT NULL,
  `attempt` int(11) NOT NULL COMMENT '1 for the first',
  `claimed_at` datetime(3) NOT NULL COMMENT 'UTC, as all times of this table',
  `answered_at` datetime(3) DEFAULT NULL,
  `ended_at` datetime(3) DEFAULT NULL COMMENT 'NULL while the call is going on',
  `outcome` int(11) DEFAULT NULL COMMENT 'as call_status of the number table',
  `cause` varchar(32) NOT NULL DEFAULT '' COMMENT 'a word: answered, busy, ...',
  `q850` int(11) NOT NULL DEFAULT 0 COMMENT 'ISDN cause, 0: none given',
  `sip` int(11) NOT NULL DEFAULT 0 COMMENT 'SIP status, 0: none given',
  `billsec` int(11) NOT NULL DEFAULT 0 COMMENT 'seconds',
  `extension` varchar(32) NOT NULL DEFAULT '' COMMENT 'who talked',
  `digits` varchar(64) NOT NULL DEFAULT '' COMMENT 'keys that were pressed',
  `amd` varchar(32) NOT NULL DEFAULT '' COMMENT 'answering machine detector',
  PRIMARY KEY (`uid`),
  KEY `uncall_call_ended` (`ended_at`),
  KEY `uncall_call_number` (`task_id`,`number_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO uncall_call (`uid`, `task_id`, `number_id`, `number`, `trunk`, `attempt`, `claimed_at`, `answered_at`, `ended_at`, `outcome`, `cause`, `q850`, `sip`, `billsec`, `extension`, `digits`, `amd`) VALUES ('1700000000.1', 1, 1, '13800000001', 'sip/test/', 1, '2026-03-04 04:00:00', '2026-03-04 04:00:09', '2026-03-04 04:00:30', 1, 'answered', 16, 200, 21, '801', '12#', 'HUMAN');
INSERT INTO uncall_call (`uid`, `task_id`, `number_id`, `number`, `trunk`, `attempt`, `claimed_at`, `answered_at`, `ended_at`, `outcome`, `cause`, `q850`, `sip`, `billsec`, `extension`, `digits`, `amd`) VALUES ('1700000000.2', 1, 2, '13800000002', 'sip/test/', 1, '2026-03-04 04:00:00', NULL, '2026-03-04 04:00:30', 3, 'busy', 17, 486, 0, '', '', '');
INSERT INTO uncall_call (`uid`, `task_id`, `number_id`, `number`, `trunk`, `attempt`, `claimed_at`, `answered_at`, `ended_at`, `outcome`, `cause`, `q850`, `sip`, `billsec`, `extension`, `digits`, `amd`) VALUES ('1700000000.3', 1, 3, '13800000003', 'sip/test/', 1, '2026-03-04 04:00:00', NULL, '2026-03-04 04:00:30', 3, 'no-answer', 19, 0, 0, '', '', '');
INSERT INTO uncall_call (`uid`, `task_id`, `number_id`, `number`, `trunk`, `attempt`, `claimed_at`, `answered_at`, `ended_at`, `outcome`, `cause`, `q850`, `sip`, `billsec`, `extension`, `digits`, `amd`) VALUES ('1700000000.4', 1, 4, '13800000004', 'sip/test/', 1, '2026-03-04 04:00:00', NULL, NULL, NULL, '', 0, 0, 0, '', '', '');
CREATE TABLE `uncall_dnc` (
  `number` varchar(32) NOT NULL,
  `reason` varchar(255) NOT NULL DEFAULT '',
  `added_at` datetime(3) NOT NULL COMMENT 'UTC',
  PRIMARY KEY (`number`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO uncall_dnc (`number`, `reason`, `added_at`) VALUES ('13800000009', 'asked us to', '2026-11-27 10:32:41.767000');
CREATE TABLE `uncall_retry` (
  `task_id` int(11) NOT NULL,
  `number_id` int(11) NOT NULL,
  `uid` varchar(20) NOT NULL COMMENT 'of the last attempt',
  `attempts` int(11) NOT NULL COMMENT 'made so far',
  `due_at` datetime(3) NOT NULL COMMENT 'UTC; not dialled before',
  PRIMARY KEY (`task_id`,`number_id`),
  KEY `uncall_retry_due` (`task_id`,`due_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO uncall_retry (`task_id`, `number_id`, `uid`, `attempts`, `due_at`) VALUES (1, 2, '1700000000.2', 1, '2026-03-04 04:30:30');
CREATE TABLE `uncall_schema` (
  `version` int(11) NOT NULL,
  PRIMARY KEY (`version`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO uncall_schema (`version`) VALUES (1);
CREATE TABLE `uncall_start` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `started_at` datetime(3) NOT NULL COMMENT 'UTC',
  `node` varchar(64) NOT NULL DEFAULT '',
  PRIMARY KEY (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=2 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO uncall_start (`id`, `started_at`, `node`) VALUES (1, '2026-11-27 10:32:41.711000', 'old-host');
