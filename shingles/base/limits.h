/* Every bound of the system, with its unit and its reason. Those that are settings have their default and range here
 * too. */
#ifndef WF_BASE_LIMITS_H
#define WF_BASE_LIMITS_H

#include <stdint.h>

/* The article (the wire contract). */
#define WF_ARTICLE_ID_BYTES_MAX           512
#define WF_ARTICLE_TEXT_BYTES_MAX_DEFAULT (16u << 20)
#define WF_ARTICLE_TEXT_BYTES_MAX_LIMIT   (1u << 30)
#define WF_ARTICLE_FIELD_BYTES_MAX        (64u << 10) /* title, outlet, url, lang each */

/* The request (the wire contract). */
#define WF_REQUEST_BYTES_MAX_DEFAULT (64u << 20)
#define WF_REQUEST_BYTES_MAX_LIMIT   (2000u << 20)
#define WF_REQUEST_DEPTH_MAX         24 /* nested arrays and maps; msgpack-c's parser stack holds 32 */
#define WF_REQUEST_ELEMENTS_MAX \
	(4u << 20)                   /* values in one message, keys included: 24 bytes each once decoded, 96 MiB */
#define WF_READER_STRAYS_MAX  8u     /* bare numbers in a row that are no peer of ours: ASCII, TLS */
#define WF_BATCH_ARTICLES_MAX 65536u /* articles in one add_batch */
#define WF_METHOD_BYTES_MAX   64u

/* Who has not shown a token yet. */
#define WF_TOKEN_BYTES_MAX            1024u
#define WF_STRANGER_REQUEST_BYTES_MAX 8192u /* of a request before auth: a token fits */

/* The comparison. */
#define WF_COMPARE_PASSAGES_MAX 65536u /* the longest are told; 1.4 MiB of a reply */

/* The verdict. */
#define WF_MERGED_MAX  16 /* clusters that one article can make one */
#define WF_RELATED_MAX 16 /* clusters that a partial article names */

/* Editors' words. */
#define WF_MERGE_CLUSTERS_MAX 1024u      /* clusters of one merge */
#define WF_SPLIT_ARTICLES_MAX 65536u     /* articles of one split: found one by one on the index thread */
#define WF_APART_MAX          1024u      /* clusters that one is held apart from; 8 KiB of a record */
#define WF_APART_PAIRS_MAX    (1u << 20) /* of all; 16 bytes each in memory */

/* Analysis of one text. What is past a bound is not looked at; `docs/detection.md` says what that means. */
#define WF_DOCUMENT_TOKENS_MAX 16384u /* tokens of a text that become evidence */
#define WF_DOCUMENT_KEYS_MAX   96u    /* keys of one article in the LSH table */

/* Cluster IDs and article numbers are MessagePack integers that JavaScript can hold. */
#define WF_NUMBER_MAX ((UINT64_C(1) << 53) - 1)

/* Unix seconds; this one says that no time was given. */
#define WF_TIME_NONE INT64_MIN

#endif
