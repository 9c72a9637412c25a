// Clients that others wrote, unmodified, against wirefoldd. WIREFOLD_SOCKET names its Unix socket.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { test } from "node:test";
import { decodeMultiStream, encode } from "@msgpack/msgpack";

const { Transport } = createRequire(import.meta.url)("neovim/lib/utils/transport.js");
const story = "Showers continued throughout the week in the Bahia cocoa zone, alleviating the drought since early "
	+ "January and improving prospects for the coming temporao, although normal humidity levels "
	+ "have not been restored.";

function openSocket() {
	return connect(process.env.WIREFOLD_SOCKET);
}

// @msgpack/msgpack: messages written and read by hand.
function openSession(t) {
	const socket = openSocket();
	const replies = decodeMultiStream(socket);
	t.after(() => socket.destroy());
	return {
		socket,
		send: (number, method, ...params) => socket.write(encode([0, number, method, params])),
		next: async () => (await replies.next()).value,
	};
}

// The neovim package's transport, as its own client uses it.
function openTransport(t) {
	const socket = openSocket();
	const transport = new Transport();
	// Its reader takes a stream that was cut for a failure, so the daemon is to close it.
	t.after(async () => {
		socket.end();
		await once(socket, "close");
	});
	transport.attach(socket, socket, {});
	const request = (method, ...params) => new Promise((resolve, reject) => {
		transport.request(method, params, (error, result) => (error ? reject(error) : resolve(result)));
	});
	return Object.assign(request, { transport });
}

test("@msgpack/msgpack adds, queries and lists", async (t) => {
	const { send, next } = openSession(t);
	send(1, "add_batch", [
		{ id: "m-1", text: story, outlet: "wire", published: "2025-11-03T10:00:00Z" },
		{ id: "m-2", text: story },
	]);
	const [kind, number, error, verdicts] = await next();
	assert.deepEqual([kind, number, error], [1, 1, null]);
	assert.deepEqual(verdicts.map(({ id, relation }) => [id, relation]), [["m-1", "unique"], ["m-2", "exact"]]);
	assert.equal(verdicts[1].cluster, verdicts[0].cluster);
	send(2, "query", { text: story });
	assert.equal((await next())[3].relation, "exact");
	send(3, "clusters", { min_size: 2 });
	const [, , , { clusters, next: token }] = await next();
	assert.equal(clusters.length, 1);
	assert.equal(clusters[0].size, 2);
	assert.equal(token, null);
});

test("@msgpack/msgpack: a request split byte by byte, and many in one write, are answered in order", async (t) => {
	const { socket, next } = openSession(t);
	for (const byte of encode([0, 7, "ping", []])) {
		socket.write(Uint8Array.of(byte));
		await new Promise(setImmediate);
	}
	assert.deepEqual(await next(), [1, 7, null, "pong"]);
	socket.write(Buffer.concat(Array.from({ length: 1000 }, (_, number) => encode([0, number, "ping", []]))));
	for (let number = 0; number < 1000; number++) assert.deepEqual(await next(), [1, number, null, "pong"]);
});

test("@msgpack/msgpack: an error names the field and the connection goes on", async (t) => {
	const { send, next } = openSession(t);
	send(1, "add", { id: "m-3", text: 7 });
	const [, , [code, message]] = await next();
	assert.equal(code, "bad_article");
	assert.match(message, /^text: expected a string, got an integer/);
	send(2, "nothing");
	assert.equal((await next())[2][0], "no_such_method");
	send(3, "ping");
	assert.equal((await next())[3], "pong");
});

test("the neovim package's transport adds, queries and lists", async (t) => {
	const request = openTransport(t);
	const text = `A story of its own. ${story.split(" ").reverse().join(" ")}`;
	const added = await request("add", { id: "n-1", text });
	assert.equal(added.new, true);
	assert.ok(Number.isSafeInteger(added.cluster));
	const verdict = await request("query", { text });
	assert.deepEqual([verdict.relation, verdict.match, verdict.cluster], ["exact", "n-1", added.cluster]);
	const { clusters } = await request("clusters", {});
	assert.ok(clusters.some(({ cluster }) => cluster === added.cluster));
	const shown = await request("cluster", added.cluster);
	assert.deepEqual(shown.articles.map(({ id }) => id), ["n-1"]);
	await assert.rejects(request("get", "nothing"), ([code]) => code === "not_found");
	assert.equal(await request("remove", "n-1"), true);
});

test("the neovim package's transport: requests under way at the same time all find their answers", async (t) => {
	const request = openTransport(t);
	const ids = Array.from({ length: 200 }, (_, number) => `p-${number}`);
	const verdicts = await Promise.all(ids.map((id) => request("add", { id, text: `${id} ${story} ${id}` })));
	assert.deepEqual(verdicts.map(({ id }) => id), ids);
});

test("the neovim package's transport merges, splits and is told of it", async (t) => {
	const request = openTransport(t);
	const events = [];
	request.transport.on("notification", (method, [event]) => events.push([method, event]));
	assert.equal(await request("subscribe", {}), true);
	const text = `An editor's story. ${story.split(" ").slice(7).reverse().join(" ")}`;
	const { cluster } = await request("add", { id: "e-1", text });
	await request("add", { id: "e-2", text });
	const split = await request("split", cluster, ["e-2"]);
	assert.ok(Number.isSafeInteger(split) && split !== cluster);
	assert.equal(await request("merge", [cluster, split]), cluster);
	assert.equal(await request("unsubscribe"), true);
	await request("remove", "e-1");
	await request("ping");
	const none = null;
	assert.deepEqual(events, [
		["event", { kind: "new", cluster, size: 1, id: "e-1", into: none }],
		["event", { kind: "grew", cluster, size: 2, id: "e-2", into: none }],
		["event", { kind: "split", cluster, size: 1, id: none, into: split }],
		["event", { kind: "merged", cluster: split, size: 2, id: none, into: cluster }],
	]);
});

test("@msgpack/msgpack: events come as notifications to those who subscribed", async (t) => {
	const subscriber = openSession(t);
	const { send, next } = openSession(t);
	subscriber.send(1, "subscribe", { min_size: 2 });
	assert.deepEqual(await subscriber.next(), [1, 1, null, true]);
	send(1, "add_batch", [{ id: "s-1", text: `${story} once` }, { id: "s-2", text: `${story} once` }]);
	const [, , , verdicts] = await next();
	const told = [await subscriber.next()];
	if (verdicts[0].size > 1) told.push(await subscriber.next());
	assert.deepEqual(told.at(-1), [2, "event", [
		{ kind: "grew", cluster: verdicts[1].cluster, size: verdicts[1].size, id: "s-2", into: null },
	]]);
});
