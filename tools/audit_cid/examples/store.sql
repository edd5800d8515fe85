-- Events of many machines, as auditcid plugin writes them: a table of a partition a day,
-- each event once. Of PostgreSQL 15 or newer: createdb auditcid; psql auditcid -f store.sql
-- A container is (boot, id): boot is a boot of a node, id its audit container ID there.
-- Old days: DROP TABLE auditcid.event_20261130;

CREATE SCHEMA auditcid;

CREATE TABLE auditcid.boot (
	id	integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	node	text NOT NULL,
	boot	text NOT NULL,		-- host.boot.id, or the number that the node counts
	first	timestamptz NOT NULL,	-- the first event that came
	UNIQUE (node, boot)
);

CREATE TABLE auditcid.event (
	at	timestamptz NOT NULL,
	serial	bigint NOT NULL,
	boot	integer NOT NULL,
	part	integer NOT NULL,	-- a hash: records of an event that came late are another part
	container bigint,		-- the one that acts, or that it is about; NULL: the host
	action	text,
	doc	jsonb COMPRESSION lz4 NOT NULL,
	PRIMARY KEY (boot, serial, at, part)
) PARTITION BY RANGE (at);
CREATE INDEX ON auditcid.event (boot, container, at) WHERE container IS NOT NULL;

CREATE TABLE auditcid.container (
	boot	integer NOT NULL,
	id	bigint NOT NULL,
	name	text,
	parent	bigint,			-- NULL: not known; 0: the host
	created	timestamptz,
	ended	timestamptz,
	PRIMARY KEY (boot, id)
);
CREATE INDEX ON auditcid.container (boot, parent);
CREATE INDEX ON auditcid.container (name);

-- Each time that a record says which namespaces a process of a container is in; container 0:
-- a process of the host that went there
CREATE TABLE auditcid.namespace (
	boot	integer NOT NULL,
	type	text NOT NULL,		-- netns
	ino	bigint NOT NULL,
	ns_id	bigint,			-- never given again; NULL: the kernel has none
	container bigint NOT NULL,
	at	timestamptz NOT NULL,
	op	text NOT NULL,
	pid	bigint NOT NULL,
	serial	bigint NOT NULL,
	PRIMARY KEY (boot, type, ino, container, at, op, pid)
);

-- What a plugin knows to be missing, and lines that are no events
CREATE TABLE auditcid.loss (boot integer, at timestamptz, part integer, doc jsonb, PRIMARY KEY (boot, at, part));
CREATE TABLE auditcid.rejected (came timestamptz DEFAULT now(), why text, line text);

CREATE FUNCTION auditcid.boot_of(the_node text, the_boot text, at timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	found integer;
BEGIN
	SELECT id INTO found FROM auditcid.boot WHERE node = the_node AND boot = the_boot;
	WHILE found IS NULL LOOP
		INSERT INTO auditcid.boot (node, boot, first) VALUES (the_node, the_boot, at) ON CONFLICT DO NOTHING;
		SELECT id INTO found FROM auditcid.boot WHERE node = the_node AND boot = the_boot;
	END LOOP;
	RETURN found;
END $$;

CREATE FUNCTION auditcid.make_day(at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	day timestamptz := date_trunc('day', at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
BEGIN
	PERFORM pg_advisory_xact_lock(hashtext('auditcid.make_day'));
	EXECUTE format('CREATE TABLE IF NOT EXISTS auditcid.%I PARTITION OF auditcid.event FOR VALUES FROM (%L) TO (%L)',
		       'event_' || to_char(day AT TIME ZONE 'UTC', 'YYYYMMDD'), day, day + interval '24 hours');
END $$;

CREATE FUNCTION auditcid.take_op(the_boot integer, the_at timestamptz, the_serial bigint, f jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	op text := f->>'op';
	con bigint := nullif(f->>'ocontid', '?')::bigint;
BEGIN
	IF con IS NULL OR f->>'res' IS DISTINCT FROM '1' THEN
		RETURN;
	END IF;
	IF op IN ('create', 'announce', 'exit') THEN
		INSERT INTO auditcid.container AS c VALUES (the_boot, con, nullif(f->>'name', '(null)'), (f->>'pcontid')::bigint,
			CASE op WHEN 'create' THEN the_at END, CASE op WHEN 'exit' THEN the_at END)
		ON CONFLICT (boot, id) DO UPDATE SET name = coalesce(c.name, EXCLUDED.name), parent = coalesce(c.parent, EXCLUDED.parent),
			created = coalesce(c.created, EXCLUDED.created), ended = coalesce(c.ended, EXCLUDED.ended);
	END IF;
	INSERT INTO auditcid.namespace
	SELECT the_boot, key, value::bigint, (f->>(key || '_id'))::bigint, con, the_at, op, coalesce(f->>'opid', '0')::bigint, the_serial
	FROM jsonb_each_text(f) WHERE key ~ '(^[a-z]+ns|_for_children)$' ON CONFLICT DO NOTHING;
END $$;

-- A line of a plugin. One that is no event goes to rejected, and holds up nothing.
CREATE FUNCTION auditcid.take(line text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	d jsonb;
	at timestamptz;
	boot integer;
	serial bigint;
	r jsonb;
BEGIN
	d := line::jsonb;
	at := d->>'@timestamp';
	boot := auditcid.boot_of(coalesce(d#>>'{host,name}', ''), coalesce(d#>>'{host,boot,id}', d#>>'{audit,boot}', ''), at);
	IF d#>>'{event,kind}' <> 'event' THEN
		INSERT INTO auditcid.loss VALUES (boot, at, hashtext(line), d) ON CONFLICT DO NOTHING;
		RETURN;
	END IF;
	serial := d#>'{event,sequence}';
	INSERT INTO auditcid.event VALUES (at, serial, boot, hashtext(line), (d#>>'{container,id}')::bigint, d#>>'{event,action}', d)
	ON CONFLICT DO NOTHING;
	IF d @? '$.audit.records[*] ? (@.type == "CONTAINER_OP")' THEN
		FOR r IN SELECT jsonb_path_query(d, '$.audit.records[*] ? (@.type == "CONTAINER_OP")') LOOP
			PERFORM auditcid.take_op(boot, at, serial, (
				SELECT jsonb_object_agg(f->>'name', CASE f->>'name' WHEN 'name' THEN coalesce(f->>'text', f->>'value') ELSE f->>'value' END)
				FROM jsonb_array_elements(r->'fields') f));
		END LOOP;
	END IF;
EXCEPTION
	WHEN check_violation THEN	-- a day that has no partition yet
		PERFORM auditcid.make_day(at);
		PERFORM auditcid.take(line);
	WHEN data_exception OR not_null_violation THEN
		INSERT INTO auditcid.rejected (why, line) VALUES (SQLERRM, line);
END $$;

--
-- What operators ask
--

-- A container and all below it
CREATE FUNCTION auditcid.below(the_boot integer, the_id bigint) RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
	WITH RECURSIVE t AS (
		SELECT the_id AS id
		UNION
		SELECT c.id FROM auditcid.container c JOIN t ON c.boot = the_boot AND c.parent = t.id
	) SELECT id FROM t
$$;

-- Who entered a container: processes that joined it, and those of others, 0 is the host, that went into a namespace
-- of it. Namespaces that a machine begins with have inode numbers below 4026532000, and are everybody's.
CREATE FUNCTION auditcid.entered(the_boot integer, the_id bigint)
RETURNS TABLE (at timestamptz, how text, by_container bigint, pid bigint, type text, serial bigint) LANGUAGE sql STABLE AS $$
	SELECT DISTINCT n.at, n.op, NULL::bigint, n.pid, NULL, n.serial FROM auditcid.namespace n
	WHERE n.boot = the_boot AND n.container = the_id AND n.op = 'join'
	UNION
	SELECT n.at, n.op, n.container, n.pid, n.type, n.serial
	FROM auditcid.namespace n
	WHERE n.boot = the_boot AND n.op IN ('setns', 'join') AND n.container NOT IN (SELECT auditcid.below(the_boot, the_id))
	  AND EXISTS (SELECT FROM auditcid.namespace m WHERE m.boot = the_boot AND m.type = n.type AND m.ino = n.ino
			AND m.container = the_id AND m.at <= n.at)
	  AND n.ino >= 4026532000
	ORDER BY 1
$$;

-- Which containers were in a namespace, from when, and until when they can have been. An inode number
-- is given again after a time: ns_id, where the kernel has it, is not.
CREATE FUNCTION auditcid.shared(the_boot integer, the_type text, the_ino bigint)
RETURNS TABLE (container bigint, name text, ns_id bigint, first timestamptz, ended timestamptz) LANGUAGE sql STABLE AS $$
	SELECT n.container, c.name, n.ns_id, min(n.at), c.ended
	FROM auditcid.namespace n LEFT JOIN auditcid.container c ON c.boot = n.boot AND c.id = n.container
	WHERE n.boot = the_boot AND n.type = the_type AND n.ino = the_ino
	GROUP BY n.container, c.name, n.ns_id, c.ended ORDER BY 4
$$;
