/* draft/format.h: the methods of a service of kind "format": files of named tensors.
 *
 *   save(path: string, names: values of string, tensors: values of pointer to ds_tensor, metadata: values of string,
 *        key value key value ...)
 *     Atomic: the old file is whole until the new one is complete and on disk. Fails: DS_IO_ERROR, DS_INVALID_ARGUMENT.
 *   load(path: string) -> rows ("tensor", name: string, pointer to ds_tensor), rows ("metadata", key, value)
 *     Everything is checked before the first row: DS_CORRUPT says what does not hold and nothing is answered.
 *     The tensors are read-only and valid for the row. */
#ifndef DEEPSEEK_DRAFT_FORMAT_H
#define DEEPSEEK_DRAFT_FORMAT_H
#include "deepseek/draft/service.h"

#define DS_FORMAT_KIND "format"
#define DS_FORMAT_SAVE "save"
#define DS_FORMAT_LOAD "load"

#endif
