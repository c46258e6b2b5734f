// Go's maps on the mixes of bench/throughput, as a program of its own that evac_bench_throughput runs between the
// others, round by round.
//
//	evac_go_maps version
//	evac_go_maps check MAP
//	evac_go_maps mixes MAP SECONDS THREADS RESIDENT LENGTH FD
//	evac_go_maps service MAP SECONDS RECORDS LENGTH FD
//
// MAP: sync or locked. FD is a file that the parent holds open: for mixes the keys and the dice of each skew and
// thread (bench/throughput/streams.hpp), for service the keys of each thread. GOMAXPROCS is the number of threads. Each
// line of the answer is the name of a case, operations, seconds, seconds of processor time (the garbage collector's
// too) and whether all was right; the last line says whether the map held as many elements as it should at the end.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

const (
	block    = 64 // operations between two looks at the stop flag
	patience = 600 * time.Second
)

var makers = map[string]func(int) table{"sync": newSyncMap, "locked": newLockedMap}

// randomKey is bench::random_key.
func randomKey(index uint64) uint64 {
	value := (index + 1) * 0x9E3779B97F4A7C15
	value = (value ^ value>>30) * 0xBF58476D1CE4E5B9
	value = (value ^ value>>27) * 0x94D049BB133111EB
	return value ^ value>>31
}

func fail(text string) {
	fmt.Fprintln(os.Stderr, "evac_go_maps:", text)
	os.Exit(2)
}

// ---- threads

type run struct {
	operations   uint64
	seconds, cpu float64
	all          tally
}

func cpuSeconds() float64 {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return float64(used.Utime.Sec+used.Stime.Sec) + float64(used.Utime.Usec+used.Stime.Usec)/1e6
}

// runThreads calls work(thread, step) -> operations until time is up, in so many goroutines on as many processors.
func runThreads(threads int, seconds float64, work func(thread int, all *tally) uint64) run {
	runtime.GOMAXPROCS(runtime.NumCPU())
	runtime.GC() // what was made before must not be collected while this is timed
	runtime.GOMAXPROCS(threads)
	type outcome struct {
		operations uint64
		all        tally
		begin, end time.Time
		_          [64]byte
	}
	outcomes := make([]outcome, threads)
	var stop int32
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for t := 0; t < threads; t++ {
		ready.Add(1)
		done.Add(1)
		go func(t int) {
			defer done.Done()
			ready.Done()
			<-start
			own := outcome{begin: time.Now()}
			for atomic.LoadInt32(&stop) == 0 {
				own.operations += work(t, &own.all)
			}
			own.end = time.Now()
			outcomes[t] = own
		}(t)
	}
	ready.Wait()
	cpu := cpuSeconds()
	close(start)
	time.Sleep(time.Duration(seconds * float64(time.Second)))
	atomic.StoreInt32(&stop, 1)
	done.Wait()
	result := run{cpu: cpuSeconds() - cpu}
	begin, end := outcomes[0].begin, outcomes[0].end
	for _, each := range outcomes {
		result.operations += each.operations
		result.all.add(each.all)
		if each.begin.Before(begin) {
			begin = each.begin
		}
		if each.end.After(end) {
			end = each.end
		}
	}
	result.seconds = end.Sub(begin).Seconds()
	return result
}

func report(name string, of run, right bool) {
	fmt.Printf("%s\t%d\t%.9f\t%.9f\t%d\n", name, of.operations, of.seconds, of.cpu, oneIf(right))
}

func reportEnd(right bool) { fmt.Printf("end\t%d\n", oneIf(right)) }

// ---- what the parent made

type sharedFile struct{ rest []byte }

func openShared(descriptor string, bytes int) *sharedFile {
	memory, err := syscall.Mmap(int(number(descriptor)), 0, bytes, syscall.PROT_READ, syscall.MAP_SHARED|syscall.MAP_POPULATE)
	if err != nil {
		fail("the keys cannot be read: " + err.Error())
	}
	return &sharedFile{memory}
}

func (f *sharedFile) words(count int) []uint64 {
	words := unsafe.Slice((*uint64)(unsafe.Pointer(&f.rest[0])), count)
	f.rest = f.rest[8*count:]
	return words
}

func (f *sharedFile) halves(count int) []uint16 {
	halves := unsafe.Slice((*uint16)(unsafe.Pointer(&f.rest[0])), count)
	f.rest = f.rest[2*count:]
	return halves
}

func number(text string) uint64 {
	value, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		fail(text + " is no number")
	}
	return value
}

// ---- mixes

var updateShares = [...]uint16{0, 10, 50}

func mixes(make func(int) table, seconds float64, threads, resident, length int, descriptor string) {
	type stream struct {
		keys []uint64
		dice []uint16
		at   int
		_    [64]byte
	}
	shared := openShared(descriptor, 2*threads*length*10)
	var streams [2][]stream
	for skew := range streams {
		for t := 0; t < threads; t++ {
			streams[skew] = append(streams[skew], stream{keys: shared.words(length), dice: shared.halves(length)})
		}
	}

	elements := make(2 * resident)
	wrong := uint64(0)
	for i := 0; i < resident; i++ {
		key := randomKey(2 * uint64(i))
		wrong += oneIf(!elements.fill(key, valueOf(key)))
	}
	elements.settle(false)
	size := uint64(resident)

	hot := randomKey(0)
	for count := 1; count <= threads; count *= 2 {
		of := runThreads(count, seconds, func(_ int, all *tally) uint64 {
			all.add(elements.repeat(hot, block))
			return block
		})
		wrong += of.all.wrong
		report(fmt.Sprint("hot ", count), of, wrong == 0)
	}
	const list = 256
	at := 0
	of := runThreads(1, seconds, func(_ int, all *tally) uint64 {
		all.add(elements.look(streams[0][0].keys[at : at+list]))
		at = (at + list) % length
		return list
	})
	share := float64(of.all.hits) / float64(of.operations)
	report("one by one", of, wrong == 0 && share > 0.4 && share < 0.6 && of.all.sum != 0)

	for skew := range streams {
		for _, updates := range updateShares {
			for count := 1; count <= threads; count *= 2 {
				elements.settle(updates > 0)
				of := runThreads(count, seconds, func(t int, all *tally) uint64 {
					own := &streams[skew][t]
					begin := own.at % length
					coin := uint16(8 + own.at/length%8)
					all.add(elements.mix(own.keys[begin:begin+block], own.dice[begin:begin+block], updates, coin))
					own.at += block
					return block
				})
				size += of.all.inserted - of.all.erased
				wrong += of.all.wrong
				report(fmt.Sprint("mix ", skew, " ", updates, " ", count), of, wrong == 0)
			}
		}
	}
	reportEnd(wrong == 0 && elements.count() == size)
}

// ---- loads and stores among so many records

type serviceCase struct {
	name   string
	stores storing
}

var serviceCases = [...]serviceCase{{"loads", storing{}}, {"stores", storing{every: 100}}, {"new", storing{every: 10, fresh: true}}}

func service(make func(int) table, seconds float64, records, length int, descriptor string) {
	const block = 100
	const threads = 2
	shared := openShared(descriptor, threads*length*8)
	var lists [threads][]uint64
	for t := range lists {
		lists[t] = shared.words(length)
	}
	right := true
	for _, each := range serviceCases {
		for count := 1; count <= threads; count++ {
			// From empty: a sync.Map cannot be made for its keys. Anew each time: new keys would pile up.
			elements := make(0)
			for i := 0; i < records; i++ {
				key := randomKey(uint64(i))
				right = elements.fill(key, stampedValue(key, 0)) && right
			}
			elements.settle(each.stores.fresh)
			type position struct {
				step, inserted uint64
				_              [64]byte
			}
			var positions [threads]position
			of := runThreads(count, seconds, func(t int, all *tally) uint64 {
				own := &positions[t]
				from := int(own.step) % length
				freshKey := func(index uint64) uint64 {
					return randomKey(uint64(records) + (own.inserted+index)*threads + uint64(t))
				}
				done := elements.serve(lists[t][from:from+block], each.stores, own.step, freshKey)
				own.inserted += done.inserted
				own.step += block
				all.add(done)
				return block
			})
			right = right && of.all.wrong == 0 && elements.count() == uint64(records)+of.all.inserted
			report(fmt.Sprint(each.name, " ", count), of, right)
		}
	}
	reportEnd(right)
}

// ---- check

// check: random blocks beside a plain map, then inserts and erases of few keys by four goroutines.
func check(make func(int) table) bool {
	const space = 3000
	elements := make(space)
	model := map[uint64]bool{}
	right := true
	for i := uint64(0); i < space; i += 2 {
		right = elements.fill(randomKey(i), valueOf(randomKey(i))) && right
		model[randomKey(i)] = true
	}
	elements.settle(true)
	for step := uint64(0); step < 40000; step++ {
		key := []uint64{randomKey(randomKey(step) % space)}
		inserts := randomKey(^step)>>63 != 0
		switch randomKey(^step) % 3 {
		case 0:
			got := elements.mix(key, []uint16{uint16(oneIf(inserts)) << 8}, 50, 8)
			there := model[key[0]]
			right = right && got.wrong == 0 && got.inserted == oneIf(inserts && !there) && got.erased == oneIf(!inserts && there)
			if inserts {
				model[key[0]] = true
			} else {
				delete(model, key[0])
			}
		case 1:
			got := elements.look(key)
			right = right && got.hits == oneIf(model[key[0]]) && got.sum == got.hits*valueOf(key[0])
		default:
			right = right && elements.mix(key, []uint16{99}, 50, 8) == tally{} && elements.repeat(key[0], 2).wrong == 2*oneIf(!model[key[0]])
		}
	}
	right = right && elements.count() == uint64(len(model))
	fresh := func(index uint64) uint64 { return randomKey(space + index) }
	served := elements.serve([]uint64{0, fresh(0), fresh(1), fresh(0)}, storing{every: 1, fresh: true}, 7, fresh)
	right = right && served == tally{inserted: 4} && elements.count() == uint64(len(model))+4
	found := elements.serve([]uint64{fresh(0), fresh(3), fresh(4)}, storing{every: 100}, 1, fresh)
	right = right && found == tally{wrong: 1}

	var inserted, erased uint64
	var done sync.WaitGroup
	shared := make(200)
	for t := uint64(0); t < 4; t++ {
		done.Add(1)
		go func(t uint64) {
			defer done.Done()
			for i := uint64(0); i < 20000; i++ {
				dice := randomKey(i*4 + t)
				got := shared.mix([]uint64{randomKey(dice % 200)}, []uint16{uint16(dice >> 63 << 8)}, 50, 8)
				atomic.AddUint64(&inserted, got.inserted)
				atomic.AddUint64(&erased, got.erased)
			}
		}(t)
	}
	done.Wait()
	return right && shared.count() == inserted-erased && inserted > 0 && erased > 0
}

func main() {
	time.AfterFunc(patience, func() { fail("out of patience") })
	arguments := os.Args[1:]
	if len(arguments) == 1 && arguments[0] == "version" {
		fmt.Println(runtime.Version())
		return
	}
	if len(arguments) < 2 || makers[arguments[1]] == nil {
		fail("see the head of main.go for its arguments")
	}
	make := makers[arguments[1]]
	numbers := func(at int) int { return int(number(arguments[at])) }
	seconds := func() float64 {
		value, err := strconv.ParseFloat(arguments[2], 64)
		if err != nil || value <= 0 {
			fail(arguments[2] + " is no time")
		}
		return value
	}
	switch {
	case arguments[0] == "check" && len(arguments) == 2:
		right := check(make)
		reportEnd(right)
		if !right {
			os.Exit(1)
		}
	case arguments[0] == "mixes" && len(arguments) == 7:
		mixes(make, seconds(), numbers(3), numbers(4), numbers(5), arguments[6])
	case arguments[0] == "service" && len(arguments) == 6:
		service(make, seconds(), numbers(3), numbers(4), arguments[5])
	default:
		fail("see the head of main.go for its arguments")
	}
}
