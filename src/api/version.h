/* version.h - the version, in one place. */
#ifndef TRIVET_VERSION_H
#define TRIVET_VERSION_H

#define TRIVET_VERSION "0.1.0"

#endif
