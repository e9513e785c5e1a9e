#pragma once

// Where the image's parts lie: places, not characters.
extern "C" {
// image.ld
extern const char image_start[];
extern const char rodata_start[];
extern const char data_start[];
extern const char image_end[];
// entry.S: a page below the stack that nothing may touch.
extern const char stack_guard[];
}
