/* json_parse and json_each_element agree on what is no JSON, and neither crashes. */
#include <stddef.h>
#include <stdint.h>

#include "gonogo/buf.h"
#include "gonogo/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int end(void *arg, bool object, struct error *err)
{
	(void)arg;
	(void)object;
	(void)err;
	return 0;
}

static int each_pair(void *arg, const struct json_pair *pair, struct error *err)
{
	double number;

	(void)arg;
	(void)err;
	if (pair != NULL)
		(void)json_read_decimal(pair->text, pair->text_len, &number);
	return 0;
}

static int each_member(void *arg, const char *key, size_t key_len, const char *value, size_t value_len, struct error *err)
{
	struct json_pair pair;

	(void)arg;
	(void)key;
	(void)key_len;
	(void)err;
	(void)json_read_pair(value, value_len, &pair);
	(void)json_each_pair(value, value_len, each_pair, NULL, NULL);
	return 0;
}

static int each(void *arg, const char *element, size_t len, struct error *err)
{
	(void)arg;
	(void)err;
	(void)json_each_member(element, len, each_member, NULL, NULL);
	json_free(json_parse(element, len, NULL));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const paths[] = { "metadata.managedFields", "a.*.b" };
	static const struct json_record record = { each_member, end };
	struct buf out;

	json_free(json_parse((const char *)data, size, NULL));
	(void)json_each_member((const char *)data, size, each_member, NULL, NULL);
	(void)json_each_element((const char *)data, size, "data.result", each, NULL, NULL, NULL);
	(void)json_each_record((const char *)data, size, "data.result", &record, NULL, NULL);
	buf_init(&out, 1 << 20);
	(void)json_without(&out, (const char *)data, size, paths, 2, NULL);
	buf_free(&out);
	return 0;
}
