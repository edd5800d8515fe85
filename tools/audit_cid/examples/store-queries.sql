-- What operators ask of store.sql's tables. psql auditcid -v name=web-1 -v node=n1 ... -f store-queries.sql

\echo Containers of this name, on all nodes and in all boots
SELECT b.node, b.boot, c.boot AS number, c.id, c.created, c.ended
FROM auditcid.container c JOIN auditcid.boot b ON b.id = c.boot WHERE c.name LIKE :'name' ORDER BY c.created LIMIT 20;

\echo What the container did, with those below it
SELECT e.at, e.container, e.action, e.doc#>>'{process,executable}' AS program, e.doc#>>'{event,outcome}' AS outcome, e.doc#>>'{user,audit,id}' AS auid
FROM auditcid.event e WHERE e.boot = :boot AND e.container IN (SELECT auditcid.below(:boot, :id)) ORDER BY e.at LIMIT 20;

\echo Who entered it
SELECT w.*, e.doc#>>'{process,executable}' AS program, e.doc#>>'{user,audit,id}' AS auid
FROM auditcid.entered(:boot, :id) w LEFT JOIN auditcid.event e ON e.boot = :boot AND e.serial = w.serial AND e.at = w.at ORDER BY w.at LIMIT 20;

\echo Which containers shared this network namespace
SELECT * FROM auditcid.shared(:boot, 'netns', :ino) LIMIT 20;

\echo What is known to be missing
SELECT b.node, l.at, l.doc#>>'{event,action}' AS what, l.doc#>'{audit,lost}' AS lost FROM auditcid.loss l JOIN auditcid.boot b ON b.id = l.boot ORDER BY l.at LIMIT 20;
