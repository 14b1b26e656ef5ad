#include "gonogo/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "gonogo/buf.h"
#include "gonogo/error.h"

struct digest {
	EVP_MD *md; /* fetched once: an implicit fetch costs 250 ns a call */
	EVP_MD_CTX *context;
};

static int fail(struct error *err)
{
	return error_set(err, "SHA-256: OpenSSL failed");
}

struct digest *digest_new(struct error *err)
{
	struct digest *digest = calloc(1, sizeof *digest);

	if (digest == NULL) {
		error_nomem(err);
		return NULL;
	}
	digest->md = EVP_MD_fetch(NULL, "SHA256", NULL);
	digest->context = EVP_MD_CTX_new();
	if (digest->md == NULL || digest->context == NULL || digest_reset(digest, err) < 0) {
		fail(err);
		digest_free(digest);
		return NULL;
	}
	return digest;
}

void digest_free(struct digest *digest)
{
	if (digest == NULL)
		return;
	EVP_MD_CTX_free(digest->context);
	EVP_MD_free(digest->md);
	free(digest);
}

int digest_reset(struct digest *digest, struct error *err)
{
	return EVP_DigestInit_ex2(digest->context, digest->md, NULL) == 1 ? 0 : fail(err);
}

void digest_update(struct digest *digest, const void *bytes, size_t len)
{
	(void)EVP_DigestUpdate(digest->context, bytes, len);
}

int digest_final(struct digest *digest, uint8_t out[static DIGEST_SIZE], struct error *err)
{
	unsigned len = 0;

	return EVP_DigestFinal_ex(digest->context, out, &len) == 1 && len == DIGEST_SIZE ? 0 : fail(err);
}

int digest_bytes(uint8_t out[static DIGEST_SIZE], const void *bytes, size_t len, struct error *err)
{
	unsigned n = 0;

	return EVP_Digest(bytes, len, out, &n, EVP_sha256(), NULL) == 1 && n == DIGEST_SIZE ? 0 : fail(err);
}

char *digest_hex(char hex[static DIGEST_HEX_SIZE], const uint8_t digest[static DIGEST_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		hex[2 * i] = digits[digest[i] >> 4];
		hex[2 * i + 1] = digits[digest[i] & 15];
	}
	hex[DIGEST_HEX_SIZE - 1] = '\0';
	return hex;
}

char *digest_short(char text[static DIGEST_SHORT_SIZE], const uint8_t digest[static DIGEST_SIZE])
{
	char hex[DIGEST_HEX_SIZE];

	digest_hex(hex, digest);
	(void)snprintf(text, DIGEST_SHORT_SIZE, "%.12s…%s", hex, hex + 2 * DIGEST_SIZE - 4);
	return text;
}

static int sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int base64_decode(uint8_t *out, size_t *len, const char *text)
{
	unsigned bits = 0, n = 0, pad = 0;
	size_t used = 0;

	for (; *text != '\0'; text++) {
		int value;

		if (strchr(" \t\r\n", *text) != NULL)
			continue;
		if (*text == '=') {
			pad++;
			n++;
			continue;
		}
		value = sextet(*text);
		if (value < 0 || pad > 0)
			return -1;
		bits = bits << 6 | (unsigned)value;
		n++;
		if (n % 4 == 2)
			out[used++] = (uint8_t)(bits >> 4);
		else if (n % 4 == 3)
			out[used++] = (uint8_t)(bits >> 2);
		else if (n % 4 == 0)
			out[used++] = (uint8_t)bits;
	}
	if (n % 4 != 0 || pad > 2)
		return -1;
	*len = used;
	return 0;
}

void base64_encode(struct buf *out, const void *bytes, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *in = bytes;

	for (size_t i = 0; i < len; i += 3) {
		unsigned bits = (unsigned)in[i] << 16 | (i + 1 < len ? (unsigned)in[i + 1] << 8 : 0) | (i + 2 < len ? in[i + 2] : 0);

		buf_putc(out, digits[bits >> 18]);
		buf_putc(out, digits[bits >> 12 & 63]);
		buf_putc(out, i + 1 < len ? digits[bits >> 6 & 63] : '=');
		buf_putc(out, i + 2 < len ? digits[bits & 63] : '=');
	}
}

const char *digest_library(void)
{
	return OpenSSL_version(OPENSSL_VERSION_STRING);
}
