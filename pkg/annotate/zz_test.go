package annotate_test
import ("testing";"context";"time";"fmt";"os";"syscall";"gas/pkg/annotate")
func cpu() time.Duration { var u syscall.Rusage; syscall.Getrusage(0,&u); return time.Duration(u.Utime.Nano()+u.Stime.Nano()) }
func TestZZ(t *testing.T){
 for i:=0;i<3;i++ { for _,v:=range []string{"","/tmp/ovl/out.gasrows"} {
 s:=time.Now(); c:=cpu()
 _,err:=annotate.Recipe{Reference:"/tmp/ovl/reference",OwnFiles:true,Databases:[]string{"/tmp/ovl/db.gasdb"}}.Annotate(context.Background(), annotate.Files{In:"/tmp/gas-bench/query.vcf.gz",Out:"/tmp/ovl/out.vcf.gz",Variants:v,Level:1}, annotate.Options{Threads:2})
 fmt.Println(v,err,time.Since(s),cpu()-c)
 }}
 i,_:=os.Stat("/tmp/ovl/out.gasrows"); o,_:=os.Stat("/tmp/ovl/out.vcf.gz"); fmt.Println(i.Size(),o.Size())
}
