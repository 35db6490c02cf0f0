// The HTML page of a report: its figures, and the charts as data that a script draws.
#include "eval/page.h"

#include <math.h>
#include <stdio.h>

#include "base/file.h"

// The page is light on purpose: canvases are drawn as they come into view.
static const char *const style[] = {
    "body{font:14px/1.45 system-ui,sans-serif;color:#1c2430;background:#fff;margin:0 auto;",
    "max-width:1080px;padding:20px}h1{font-size:22px;margin:0 0 4px}",
    "table{border-collapse:collapse;margin:12px 0}td,th{padding:3px 12px 3px 0;text-align:right;",
    "font-variant-numeric:tabular-nums}th{color:#5b6675;font-weight:500}",
    ".key{color:#3d4855;margin:10px 0}.key i{display:inline-block;width:14px;height:10px;",
    "margin:0 5px 0 14px;vertical-align:baseline}",
    "section{border-top:1px solid #dde2e8;padding:10px "
    "0}h2{font-size:15px;margin:0;display:inline}",
    ".note{color:#5b6675;margin-left:10px}canvas{width:100%;display:block;margin-top:4px}",
    ".at{color:#3d4855;font-size:12px;min-height:18px;font-variant-numeric:tabular-nums}",
    "button{font:inherit;border:1px solid #c3cad3;background:#f6f8fa;border-radius:5px;",
    "padding:3px 10px;margin-right:6px;cursor:pointer}button.on{background:#1f4e79;color:#fff}",
    ".bad{color:#b3261e}",
};

static const char *const script[] = {
    "const D=JSON.parse(document.getElementById('data').textContent),L=999,P=2;",
    "const main=document.querySelector('main');",
    "const fmt=v=>v===null?'-':Math.abs(v)>=1e5||(v&&Math.abs(v)<1e-3)?v.toExponential(2):",
    "String(+v.toPrecision(5));",
    "const when=s=>new Date(s*1000).toISOString().slice(0,19).replace('T',' ');",
    "for(const c of D){c.n=c.marks.length;if(c.seconds){let s=0;c.at=c.seconds.map(d=>s+=d)}}",
    "function draw(c,cv,hover){const k=devicePixelRatio||1,w=cv.clientWidth,many=c.lines.length>1,",
    "lh=many?30:130,sh=46,h=c.lines.length*(lh+4)+sh+22;",
    "cv.width=w*k;cv.height=h*k;cv.style.height=h+'px';",
    "const g=cv.getContext('2d');g.scale(k,k);g.font='11px system-ui,sans-serif';",
    "const left=many?150:0,cw=(w-left)/c.n,x=i=>left+i*cw,bars=h-18;",
    "const run=(bit,f)=>{for(let i=0;i<c.n;){if(parseInt(c.marks[i],16)&bit){let j=i;",
    "while(j<c.n&&parseInt(c.marks[j],16)&bit)j++;f(x(i),Math.max(x(j)-x(i),1.5));i=j}else i++}};",
    "g.fillStyle='#f0f2f5';g.fillRect(left,0,(w-left)*Math.min(1,c.train/c.rows),h);",
    "g.fillStyle='rgba(214,64,52,.16)';run(1,(a,b)=>g.fillRect(a,0,b,bars));",
    "let y=0;for(const l of c.lines){g.strokeStyle='#1f4e79';g.lineWidth=1;g.beginPath();",
    "let pen=false;for(let i=0;i<c.n;i++){const "
    "a=l.v[2*i],b=l.v[2*i+1];if(a<0){pen=false;continue}",
    "const q=v=>y+P+(lh-2*P)*(1-v/L),m=x(i)+cw/2;if(pen)g.lineTo(m,q(a));else g.moveTo(m,q(a));",
    "if(b!==a)g.lineTo(m,q(b));pen=true}g.stroke();",
    "if(many){g.fillStyle='#3d4855';g.fillText(l.name.slice(0,24),0,y+lh/2+4)}y+=lh+4}",
    "g.fillStyle='rgba(176,98,20,.35)';g.strokeStyle='#b06214';",
    "for(let i=0;i<c.n;i++)if(c.score[i]>0){const a=c.score[i]/L*sh;g.fillRect(x(i),y+sh-a,",
    "Math.max(cw,1),a)}if(many){g.fillStyle='#3d4855';g.fillText('score',0,y+sh/2+4)}",
    "if(c.threshold!==null&&c.top){const a=y+sh-c.threshold/c.top*sh;g.setLineDash([4,3]);",
    "g.beginPath();g.moveTo(left,a);g.lineTo(w,a);g.stroke();g.setLineDash([])}",
    "g.strokeStyle='#d64034';run(4,(a)=>{g.setLineDash([2,3]);g.beginPath();g.moveTo(a,0);",
    "g.lineTo(a,bars);g.stroke();g.setLineDash([])});",
    "g.fillStyle='#d64034';run(1,(a,b)=>g.fillRect(a,bars+3,b,5));",
    "g.fillStyle='#2a6f3c';run(2,(a,b)=>g.fillRect(a,bars+10,b,5));",
    "g.fillStyle='#6a3fa0';run(8,(a)=>{g.beginPath();g.moveTo(a,bars-7);g.lineTo(a-4,bars+1);",
    "g.lineTo(a+4,bars+1);g.fill()});",
    "if(hover!==undefined){g.strokeStyle='#1c2430';g.beginPath();g.moveTo(x(hover)+cw/2,0);",
    "g.lineTo(x(hover)+cw/2,h);g.stroke()}return{left,cw}}",
    "function tell(c,i){const row=Math.floor(i*c.rows/c.n),out=['row '+(row+1)];",
    "if(c.at)out.push(when(c.at[i]));for(const l of c.lines){const f=v=>fmt(v<0?null:",
    "l.low+(l.high-l.low)*v/L),a=f(l.v[2*i]),b=f(l.v[2*i+1]);",
    "out.push(l.name+' '+(a===b?a:a+' to '+b))}",
    "out.push('score '+(c.score[i]<0?'-':fmt(c.score[i]/L*c.top)));return out.join('   ')}",
    "const seen=new IntersectionObserver(es=>{for(const e of es)if(e.isIntersecting&&",
    "!e.target.drawn){e.target.drawn=true;draw(e.target.chart,e.target)}},{rootMargin:'600px'});",
    "function add(c){const s=document.createElement('section'),h=document.createElement('h2'),",
    "n=document.createElement('span'),cv=document.createElement('canvas'),",
    "at=document.createElement('div');h.textContent=c.name;n.className='note';",
    "n.textContent=c.note;at.className='at';cv.chart=c;",
    "cv.style.height=(c.lines.length>1?c.lines.length*34+68:202)+'px';",
    "let geo;cv.onmousemove=e=>{geo=geo||draw(c,cv);const "
    "i=Math.floor((e.offsetX-geo.left)/geo.cw);",
    "if(i>=0&&i<c.n){geo=draw(c,cv,i);at.textContent=tell(c,i)}};",
    "cv.onmouseleave=()=>{draw(c,cv);at.textContent=''};",
    "s.append(h,n,cv,at);main.append(s);seen.observe(cv)}",
    "const show=cs=>{main.textContent='';cs.forEach(add)};",
    "const buttons=document.querySelectorAll('button');buttons.forEach((b,i)=>b.onclick=()=>{",
    "buttons.forEach(o=>o.className='');b.className='on';",
    "show(i?[...D].sort((p,q)=>p.merit-q.merit):D)});show(D);",
    "onresize=()=>document.querySelectorAll('canvas').forEach(c=>{if(c.drawn)draw(c.chart,c)});",
};

static void add_all(struct buf *to, const char *const *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_add_z(to, parts[i]);
        buf_add_char(to, '\n');
    }
}

static void add_escaped(struct buf *to, const char *text)
{
    for (; *text; text++) {
        if (*text == '<')
            buf_add_z(to, "&lt;");
        else if (*text == '&')
            buf_add_z(to, "&amp;");
        else
            buf_add_char(to, *text);
    }
}

static void add_figures(struct buf *to, const struct eval_report *r)
{
    buf_add_z(to, "<table><tr>");
    for (size_t k = 0; r->figures[k].key; k++)
        buf_printf(to, "<th>%s</th>", r->figures[k].heading);
    buf_add_z(to, "</tr><tr>");
    for (size_t k = 0; r->figures[k].key; k++) {
        if (isnan(r->values[k]))
            buf_add_z(to, "<td>-</td>");
        else
            buf_printf(to, "<td>%.*f</td>", r->figures[k].decimals, r->values[k]);
    }
    buf_add_z(to, "</tr></table>");
}

static void add_failures(struct buf *to, const struct eval_report *r)
{
    for (size_t i = 0; i < r->file_count; i++) {
        if (!r->files[i].error[0])
            continue;
        buf_add_z(to, "<p class=\"bad\">not judged: ");
        add_escaped(to, r->files[i].error);
        buf_add_z(to, "</p>");
    }
}

enum err_code page_write(const char *path, const struct eval_report *r, const struct buf *charts,
                         struct err *err)
{
    struct buf to = {0};
    buf_printf(&to,
               "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
               "<meta name=\"viewport\" content=\"width=device-width\">"
               "<title>%s: %s</title><style>\n",
               r->title, r->detector);
    add_all(&to, style, sizeof style / sizeof *style);
    buf_printf(&to, "</style><h1>%s</h1><div>detector <b>%s</b>, %zu files</div>", r->title,
               r->detector, r->file_count - r->failed);
    add_figures(&to, r);
    add_failures(&to, r);
    buf_add_z(&to,
              "<div><button class=\"on\">as in the folder</button>"
              "<button>worst first</button></div>"
              "<div class=\"key\"><i style=\"background:#f0f2f5\"></i>not judged (training)"
              "<i style=\"background:#d64034\"></i>labelled anomaly"
              "<i style=\"background:#2a6f3c\"></i>alarm"
              "<i style=\"background:#6a3fa0\"></i>change point found (dotted: labelled)"
              "<i style=\"background:#b06214\"></i>score (dashed: threshold)</div><main></main>"
              "<script type=\"application/json\" id=\"data\">[");
    bool any = false;
    for (size_t i = 0; i < r->file_count; i++) {
        if (!charts[i].n)
            continue;
        buf_add_z(&to, any ? ",\n" : "");
        buf_add_str(&to, buf_str(&charts[i]));
        to.failed |= charts[i].failed;
        any = true;
    }
    buf_add_z(&to, "]</script><script>\n");
    add_all(&to, script, sizeof script / sizeof *script);
    buf_add_z(&to, "</script></html>\n");
    enum err_code code = to.failed ? err_set(err, ERR_NO_MEMORY, "%s: out of memory", path)
                                   : file_replace(path, to.p, to.n, err);
    buf_free(&to);
    return code;
}
