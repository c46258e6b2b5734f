// Words that well-known headers define as macros. Those that stand for a value or nothing get what makes any use of the
// word an error; those that take arguments take as many as theirs, so that a use with others is one, too.
#ifndef EVAC_TESTS_PACKAGE_MACROS_HPP
#define EVAC_TESTS_PACKAGE_MACROS_HPP

#define EVAC_TAKEN ]word that another header has defined as a macro[

// Qt
#define slots EVAC_TAKEN
#define signals EVAC_TAKEN
#define emit EVAC_TAKEN
#define forever EVAC_TAKEN
#define foreach(variable, container) EVAC_TAKEN
#define Q_SLOTS EVAC_TAKEN
#define Q_SIGNALS EVAC_TAKEN
#define Q_EMIT EVAC_TAKEN
#define Q_OBJECT EVAC_TAKEN
#define Q_ASSERT(condition) EVAC_TAKEN
#define qDebug EVAC_TAKEN
#define SIGNAL(name) EVAC_TAKEN
#define SLOT(name) EVAC_TAKEN

// X11
#define None 0L
#define Bool int
#define Status int
#define True 1
#define False 0
#define Success 0
#define Always 2
#define Below 1
#define Above 0
#define Complex 0
#define Convex 2
#define Nonconvex 1
#define Unsorted 0
#define YSorted 1
#define CursorShape 0
#define CurrentTime 0L
#define KeyPress 2
#define KeyRelease 3
#define FocusIn 9
#define FocusOut 10
#define Expose 12
#define Button1 1
#define ControlMask 4
#define Opposite 4
#define Absolute 0
#define Window EVAC_TAKEN
#define Display EVAC_TAKEN
#define Font EVAC_TAKEN
#define Cursor EVAC_TAKEN
#define Mask EVAC_TAKEN
#define Time EVAC_TAKEN
#define Drawable EVAC_TAKEN
#define InputOutput 1
#define InputOnly 2
#define GrayScale 1
#define TrueColor 4
#define AllocNone 0
#define NoSymbol 0L
#define RootWindow(display, screen) EVAC_TAKEN

// Windows
#define min(a, b) (((a) < (b)) ? (a) : (b))
#define max(a, b) (((a) > (b)) ? (a) : (b))
#define small char
#define hyper EVAC_TAKEN
#define near
#define far
#define huge
#define pascal
#define cdecl
#define interface struct
#define IN
#define OUT
#define INOUT
#define OPTIONAL
#define ERROR 0
#define DELETE EVAC_TAKEN
#define CONST const
#define VOID void
#define TRUE 1
#define FALSE 0
#define NO_ERROR 0L
#define STRICT 1
#define PASCAL
#define CALLBACK
#define WINAPI
#define DOMAIN 1
#define OVERFLOW 3
#define UNDERFLOW 4
#define MAX_PATH 260
#define TEXT(quote) EVAC_TAKEN
#define Yield()
#define GetObject EVAC_TAKEN
#define GetMessage EVAC_TAKEN
#define GetCurrentTime() EVAC_TAKEN
#define CreateMutex EVAC_TAKEN
#define CreateEvent EVAC_TAKEN
#define DeleteFile EVAC_TAKEN
#define SendMessage EVAC_TAKEN
#define LoadImage EVAC_TAKEN
#define GetFirstChild(window) EVAC_TAKEN
#define GetNextSibling(window) EVAC_TAKEN

// curses, which takes back the macros whose names the standard library has
#define OK 0
#define ERR (-1)
#define getch() EVAC_TAKEN
#define echochar(character) EVAC_TAKEN
#define insch(character) EVAC_TAKEN
#define scroll(window) EVAC_TAKEN
#define timeout(delay) EVAC_TAKEN
#define instr(text) EVAC_TAKEN
#define border(a, b, c, d, e, f, g, h) EVAC_TAKEN
#define standout() EVAC_TAKEN
#define standend() EVAC_TAKEN
#define getyx(window, y, x) EVAC_TAKEN
#define touchline(window, first, count) EVAC_TAKEN

// Arduino
#define F(text) EVAC_TAKEN
#define bit(number) (1UL << (number))
#define round(x) ((x) >= 0 ? (long)((x) + 0.5) : (long)((x)-0.5))
#define abs(x) ((x) > 0 ? (x) : -(x))
#define constrain(amount, low, high) EVAC_TAKEN
#define sq(x) ((x) * (x))
#define radians(degrees) EVAC_TAKEN
#define degrees(radians) EVAC_TAKEN
#define interrupts() EVAC_TAKEN
#define lowByte(word) EVAC_TAKEN
#define highByte(word) EVAC_TAKEN
#define bitRead(value, index) EVAC_TAKEN
#define bitSet(value, index) EVAC_TAKEN
#define bitClear(value, index) EVAC_TAKEN
#define word(...) makeWord(__VA_ARGS__)
#define random(most) EVAC_TAKEN
#define PI 3.14159
#define HIGH 1
#define LOW 0
#define INPUT 0
#define OUTPUT 1
#define DEFAULT 1
#define EXTERNAL 0
#define INTERNAL 3
#define CHANGE 1
#define RISING 3
#define SERIAL 0
#define DEC 10
#define HEX 16
#define BIN 2
#define A0 EVAC_TAKEN
#define B0 EVAC_TAKEN
#define B1 EVAC_TAKEN
#define _B EVAC_TAKEN
#define _N EVAC_TAKEN
#define _L EVAC_TAKEN
#define _S EVAC_TAKEN
#define _U EVAC_TAKEN
#define _X EVAC_TAKEN

// glibc, g++ with its extensions, and C headers
#define major(device) EVAC_TAKEN
#define minor(device) EVAC_TAKEN
#define makedev(major_part, minor_part) EVAC_TAKEN
#undef linux
#define linux 1
#undef unix
#define unix 1
#define i386 1
#define I EVAC_TAKEN
#define complex EVAC_TAKEN
#define st_atime EVAC_TAKEN
#define sa_handler EVAC_TAKEN
#undef assert
#define assert(condition) EVAC_TAKEN
#define index(text, character) EVAC_TAKEN

// Linux, BSD, macOS, Unreal and everybody's own
#undef likely
#define likely(x) __builtin_expect(!!(x), 1)
#undef unlikely
#define unlikely(x) __builtin_expect(!!(x), 0)
#define noinline EVAC_TAKEN
#define always_inline EVAC_TAKEN
#define inline_always EVAC_TAKEN
#define packed EVAC_TAKEN
#define aligned EVAC_TAKEN
#define weak EVAC_TAKEN
#define visibility EVAC_TAKEN
#define section EVAC_TAKEN
#define naked EVAC_TAKEN
#define pure EVAC_TAKEN
#define cold EVAC_TAKEN
#define hot EVAC_TAKEN
#define nil EVAC_TAKEN
#define YES 1
#define NO 0
#define check(condition) EVAC_TAKEN
#define verify(condition) EVAC_TAKEN
#define require(condition) EVAC_TAKEN
#define ensure(condition) EVAC_TAKEN
#define CHECK(condition) EVAC_TAKEN
#define DCHECK(condition) EVAC_TAKEN
#define ASSERT(condition) EVAC_TAKEN
#define REQUIRE(condition) EVAC_TAKEN
#define LOG(level) EVAC_TAKEN
#define DEBUG 1
#define VERSION "1.0"
#define container_of(pointer, type, member) EVAC_TAKEN
#define array_size(array) EVAC_TAKEN
#define debug(text) EVAC_TAKEN
#define trace(text) EVAC_TAKEN
#define unreachable() EVAC_TAKEN

#endif
