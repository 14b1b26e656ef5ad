#include "repeat.h"

#include <stdlib.h>
#include <string.h>

#include "gonogo/buf.h"
#include "gonogo/digest.h"
#include "gonogo/json.h"

#define OBJECT_MAX ((size_t)32 * 1024 * 1024)
/* As many canaries as the poller follows. */
#define REPEATS_MAX 2000

struct repeat {
	struct repeat *next;
	char *uid, *subject;
	uint8_t digest[DIGEST_SIZE];
	int64_t skipped;
};

struct repeats {
	struct repeat *first;
	size_t n;
};

struct repeats *repeats_new(void)
{
	return calloc(1, sizeof(struct repeats));
}

void repeats_free(struct repeats *r)
{
	while (r != NULL && r->first != NULL) {
		struct repeat *one = r->first;

		r->first = one->next;
		free(one->uid);
		free(one->subject);
		free(one);
	}
	free(r);
}

static bool digest_of(uint8_t out[static DIGEST_SIZE], const char *bytes, size_t len)
{
	static const char *const rewritten[] = { "metadata.resourceVersion", "metadata.managedFields", "status.lastTransitionTime" };
	struct buf rest;
	bool ok;

	buf_init(&rest, OBJECT_MAX);
	ok = json_without(&rest, bytes, len, rewritten, 3, NULL) == 0 && digest_bytes(out, rest.data, rest.len, NULL) == 0;
	buf_free(&rest);
	return ok;
}

static struct repeat *find(struct repeats *r, const char *uid, const char *subject)
{
	struct repeat *one;

	for (one = r->first; one != NULL; one = one->next)
		if (strcmp(one->uid, uid) == 0)
			return one;
	if (r->n == REPEATS_MAX || (one = calloc(1, sizeof *one)) == NULL)
		return NULL;
	one->uid = strdup(uid);
	one->subject = strdup(subject);
	if (one->uid == NULL || one->subject == NULL) {
		free(one->uid);
		free(one->subject);
		free(one);
		return NULL;
	}
	one->next = r->first;
	r->first = one;
	r->n++;
	return one;
}

bool repeats_see(struct repeats *r, const char *uid, const char *subject, const char *bytes, size_t len, int64_t *skipped)
{
	struct repeat *one = find(r, uid, subject);
	uint8_t digest[DIGEST_SIZE];

	*skipped = 0;
	if (one == NULL || !digest_of(digest, bytes, len))
		return false;
	if (memcmp(one->digest, digest, DIGEST_SIZE) == 0) {
		one->skipped++;
		return true;
	}
	memcpy(one->digest, digest, DIGEST_SIZE);
	*skipped = one->skipped;
	one->skipped = 0;
	return false;
}

const char *repeats_take(struct repeats *r, int64_t *skipped)
{
	for (struct repeat *one = r->first; one != NULL; one = one->next)
		if (one->skipped > 0) {
			*skipped = one->skipped;
			one->skipped = 0;
			return one->subject;
		}
	return NULL;
}
