/* The smallest plugin, in C11: it says who it is and registers nothing. */
#include <deepseek/ds_plugin.h>

#define TEXT(literal) \
  { literal, sizeof(literal) - 1 }

static int32_t initialize(const ds_plugin* plugin, const ds_host* host, const ds_error_sink* error) {
  (void)plugin, (void)error;
  return host->log(host, 3, "acme.door open", 14);
}

static const ds_plugin plugin = {
    DS_PLUGIN_STAMP,    TEXT("acme.door"), TEXT("1.0.0"), TEXT("A door and nothing behind it"),
    TEXT("Apache-2.0"), TEXT(""),          NULL,          initialize};

DS_EXPORT const ds_plugin* ds_plugin_query_v1(const ds_host* host, const ds_error_sink* error) {
  (void)host, (void)error;
  return &plugin;
}
