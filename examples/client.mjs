// Feeds two copies of a story to wirefold and prints what it says of them.
import { connect } from "node:net";
import { decodeMultiStream, encode } from "@msgpack/msgpack";

const connection = connect(7411, "127.0.0.1");
const text = "Showers continued throughout the week in the Bahia cocoa zone, easing the drought since early January.";
const articles = [{ id: "wire-1", text }, { id: "site-7", text: `${text} Add new comment` }];
connection.write(encode([0, 1, "add_batch", [articles]])); // [request, number, method, params]
for await (const [kind, number, error, verdicts] of decodeMultiStream(connection)) {
	if (error) throw new Error(error.join(": "));
	for (const { id, cluster, relation } of verdicts) console.log(id, "is in cluster", cluster, "as", relation);
	connection.end();
}
