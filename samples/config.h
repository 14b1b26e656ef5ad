/* The configuration of a collector that is to look at a playing. */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdint.h>

struct error;

struct config {
	const char *database;
	const char *like;		/* a gonogo.yaml whose own words are kept, or a criteria file; NULL: defaults */
	const char *namespace_;
	const char *webhook;		/* HOST:PORT to listen on; NULL: no webhook */
	uint16_t port_kube, port_prom;
};

/* Writes FOLDER/kubeconfig and FOLDER/gonogo.yaml. Of `like` everything is kept but where database, API server, Prometheus and webhook
 * are; its file names become absolute. The cluster is "recorded" where like names none. */
int config_write(const struct config *config, const char *folder, struct error *err);

#endif
