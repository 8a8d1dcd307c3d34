/* load FILE.so NAME: loads a plugin and finds it among those the core lists. */
#include <deepseek/ds.h>
#include <stdio.h>
#include <string.h>

static int32_t look(void* name, const char* text, uint64_t length) {
  char row[4096];
  if (length >= sizeof row) length = sizeof row - 1;
  memcpy(row, text, length);
  row[length] = 0;
  if (name && strstr(row, name)) puts(row);
  return DS_OK;
}

int main(int count, char** arguments) {
  ds_handle context = 0;
  if (count < 3) return 2;
  int32_t status = ds_context_create(&context);
  if (status == DS_OK) status = ds_plugin_load(context, arguments[1], strlen(arguments[1]));
  if (status == DS_OK) status = ds_plugins(context, look, arguments[2]);
  if (status != DS_OK) {
    ds_text text = {"", 0};
    ds_error(context, &status, &text, NULL);
    fprintf(stderr, "%s: %.*s\n", ds_status_name(status), (int)text.size, text.data);
    return 1;
  }
  return ds_context_destroy(context) != DS_OK;
}
