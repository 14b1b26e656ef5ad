/* SHA-256 and Ed25519. The one place that knows OpenSSL's digests. */
#ifndef GONOGO_DIGEST_H
#define GONOGO_DIGEST_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;

#define DIGEST_SIZE 32
#define DIGEST_HEX_SIZE (2 * DIGEST_SIZE + 1)

/* Incremental SHA-256 (FIPS 180-4). */
struct digest;

struct digest *digest_new(struct error *err);
void digest_free(struct digest *digest);
/* Starts again. -1 only if the library fails. */
int digest_reset(struct digest *digest, struct error *err);
void digest_update(struct digest *digest, const void *bytes, size_t len);
int digest_final(struct digest *digest, uint8_t out[static DIGEST_SIZE], struct error *err);

/* All in one. */
int digest_bytes(uint8_t out[static DIGEST_SIZE], const void *bytes, size_t len, struct error *err);

/* Lower-case hexadecimal. */
char *digest_hex(char hex[static DIGEST_HEX_SIZE], const uint8_t digest[static DIGEST_SIZE]);
/* "5f1d0c9e…a27b"-like short form, as reports print it: 12 hex digits, …, the last 4. */
#define DIGEST_SHORT_SIZE 24
char *digest_short(char text[static DIGEST_SHORT_SIZE], const uint8_t digest[static DIGEST_SIZE]);

/* RFC 4648 section 4. Accepts white space; -1 on anything else. out needs 3 * (strlen / 4) + 3 bytes. */
int base64_decode(uint8_t *out, size_t *len, const char *text);

/* RFC 4648 section 4, on one line. */
void base64_encode(struct buf *out, const void *bytes, size_t len);

/* OpenSSL's version, of the library that is loaded: "3.0.17". */
const char *digest_library(void);

#endif
